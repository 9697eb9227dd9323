// What Atlassian's own code says: one JSON question a line in, one JSON answer a line out, in order.
//   {"wiki": TEXT}      -> {"document": the ADF that Jira Cloud makes of wiki markup}
//   {"adf": DOCUMENT}   -> {"errors": [what is wrong with it by the public schema]}
// An input that makes the code fail -> {"failed": WHY}. The process ends with its input.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const require = createRequire(import.meta.url);
const once = (make) => {
  let made;
  return () => (made ??= make());
};

const transformer = once(() => {
  const { WikiMarkupTransformer } = require("@atlaskit/editor-wikimarkup-transformer");
  const { JSONTransformer } = require("@atlaskit/editor-json-transformer");
  const wiki = new WikiMarkupTransformer();
  const json = new JSONTransformer();
  return (text) => json.encode(wiki.parse(text));
});

const validator = once(() => {
  const Ajv = require("ajv-draft-04");
  return new Ajv({ strict: false }).compile(require("@atlaskit/adf-schema/json-schema/v1/full.json"));
});

function answer({ wiki, adf }) {
  if (wiki !== undefined) return { document: transformer()(wiki) };
  const valid = validator();
  if (valid(adf)) return { errors: [] };
  // The schema is full of alternatives, each of which complains: the deepest complaints are the telling ones.
  const depth = (error) => error.instancePath.split("/").length;
  const deepest = Math.max(...valid.errors.map(depth));
  const told = valid.errors.filter((error) => depth(error) === deepest);
  return { errors: [...new Set(told.map((e) => `${e.instancePath}: ${e.message}`))] };
}

for await (const line of createInterface({ input: process.stdin })) {
  let said;
  try {
    said = answer(JSON.parse(line));
  } catch (error) {
    said = { failed: String(error) };
  }
  process.stdout.write(`${JSON.stringify(said)}\n`);
}
