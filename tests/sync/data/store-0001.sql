BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE bundles (
	id INTEGER NOT NULL, 
	created BIGINT NOT NULL, 
	CONSTRAINT pk_bundles PRIMARY KEY (id)
);
INSERT INTO "bundles" VALUES(1,1772445600000000);
CREATE TABLE claims (
	subject TEXT NOT NULL, 
	token INTEGER NOT NULL, 
	until BIGINT NOT NULL, 
	CONSTRAINT pk_claims PRIMARY KEY (subject)
);
INSERT INTO "claims" VALUES('ref:desk:1',1,1772445900000000);
INSERT INTO "claims" VALUES('bundle:1',1,1772445900000000);
CREATE TABLE cursors (
	connection TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	CONSTRAINT pk_cursors PRIMARY KEY (connection)
);
CREATE TABLE decisions (
	id INTEGER NOT NULL, 
	subject TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	target_connection TEXT NOT NULL, 
	target_key TEXT NOT NULL, 
	target_display TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	name TEXT NOT NULL, 
	source TEXT NOT NULL, 
	value TEXT NOT NULL, 
	why TEXT NOT NULL, 
	readers TEXT NOT NULL, 
	mails TEXT NOT NULL, 
	result TEXT NOT NULL, 
	CONSTRAINT pk_decisions PRIMARY KEY (id)
);
INSERT INTO "decisions" VALUES(1,'bundle:1',1772445600000000,'desk','1','#1','field','status','jira','open','a rule','staff','never','written');
CREATE TABLE facts (
	connection TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	"by" BIGINT NOT NULL, 
	bundle INTEGER NOT NULL, 
	"after" BIGINT NOT NULL, 
	status TEXT NOT NULL, 
	CONSTRAINT pk_facts PRIMARY KEY (connection, "key", "by"), 
	CONSTRAINT fk_facts_bundle FOREIGN KEY(bundle) REFERENCES bundles (id)
);
INSERT INTO "facts" VALUES('desk','1',1772445600000000,1,1772445600000000,'open');
INSERT INTO "facts" VALUES('desk','1',1772445660000000,1,1772445600000000,'resolved');
CREATE TABLE findings (
	id INTEGER NOT NULL, 
	subject TEXT NOT NULL, 
	target TEXT NOT NULL, 
	what TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	found BIGINT NOT NULL, 
	CONSTRAINT pk_findings PRIMARY KEY (id), 
	CONSTRAINT uq_findings_subject UNIQUE (subject, target, what, reason)
);
INSERT INTO "findings" VALUES(1,'bundle:1','jira','tags','refused',1772445600000000);
INSERT INTO "findings" VALUES(2,'bundle:1','desk','conflict in subject','desk said a, jira said b; desk was followed',1772445600000000);
CREATE TABLE health (
	connection TEXT NOT NULL, 
	doubted BIGINT, 
	CONSTRAINT pk_health PRIMARY KEY (connection)
);
CREATE TABLE identities (
	connection TEXT NOT NULL, 
	instance TEXT NOT NULL, 
	account TEXT NOT NULL, 
	CONSTRAINT pk_identities PRIMARY KEY (connection)
);
INSERT INTO "identities" VALUES('jira','https://acme.test','hub');
CREATE TABLE inbox (
	subject TEXT NOT NULL, 
	due_at BIGINT, 
	reason TEXT NOT NULL, 
	attempts INTEGER NOT NULL, 
	parked TEXT, 
	allowed BOOLEAN DEFAULT 0 NOT NULL, 
	CONSTRAINT pk_inbox PRIMARY KEY (subject)
);
INSERT INTO "inbox" VALUES('ref:desk:1',1772445900000000,'changed',0,NULL,0);
INSERT INTO "inbox" VALUES('ref:desk:9',1772445600000000,'changed',0,NULL,0);
CREATE TABLE intents (
	number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	bundle INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	origin_connection TEXT NOT NULL, 
	origin_key TEXT NOT NULL, 
	origin_id TEXT NOT NULL, 
	target_connection TEXT NOT NULL, 
	target_key TEXT NOT NULL, 
	revision TEXT NOT NULL, 
	sent BIGINT NOT NULL, 
	done BIGINT, 
	token TEXT NOT NULL, 
	CONSTRAINT fk_intents_bundle FOREIGN KEY(bundle) REFERENCES bundles (id)
);
INSERT INTO "intents" VALUES(1,1,'comment','desk','1','7','jira','2','r1',1772445600000000,1772445600000000,'token-1');
CREATE TABLE links (
	connection TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	bundle INTEGER NOT NULL, 
	display TEXT NOT NULL, 
	url TEXT NOT NULL, 
	created BIGINT NOT NULL, 
	unlinked BIGINT, 
	missing BIGINT, 
	lost BIGINT, 
	held JSON, 
	adopted BIGINT, 
	history BOOLEAN, 
	prefer TEXT, 
	CONSTRAINT pk_links PRIMARY KEY (connection, "key"), 
	CONSTRAINT fk_links_bundle FOREIGN KEY(bundle) REFERENCES bundles (id)
);
INSERT INTO "links" VALUES('desk','1',1,'#1','http://desk.test/1',1772445600000000,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "links" VALUES('jira','2',1,'SUP-2','http://jira.test/2',1772445660000000,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE meta (
	name TEXT NOT NULL, 
	value TEXT NOT NULL, 
	CONSTRAINT pk_meta PRIMARY KEY (name)
);
INSERT INTO "meta" VALUES('hub','0123abcd');
CREATE TABLE mirrors (
	bundle INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	origin_connection TEXT NOT NULL, 
	origin_key TEXT NOT NULL, 
	origin_id TEXT NOT NULL, 
	target_connection TEXT NOT NULL, 
	target_key TEXT NOT NULL, 
	target_id TEXT NOT NULL, 
	revision TEXT NOT NULL, 
	answer TEXT NOT NULL, 
	name TEXT NOT NULL, 
	CONSTRAINT fk_mirrors_bundle FOREIGN KEY(bundle) REFERENCES bundles (id), 
	CONSTRAINT uq_mirrors_kind UNIQUE (kind, origin_connection, origin_key, origin_id, target_connection, target_key)
);
INSERT INTO "mirrors" VALUES(1,'comment','desk','1','7','jira','2','70','r1','a1','');
CREATE TABLE seen (
	connection TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	bundle INTEGER NOT NULL, 
	native JSON NOT NULL, 
	wanted JSON NOT NULL, 
	serial INTEGER NOT NULL, 
	version TEXT NOT NULL, 
	read_at BIGINT NOT NULL, 
	CONSTRAINT pk_seen PRIMARY KEY (connection, "key"), 
	CONSTRAINT fk_seen_bundle FOREIGN KEY(bundle) REFERENCES bundles (id)
);
INSERT INTO "seen" VALUES('desk','1',1,'{"subject": "It does not start", "tags": ["a", "b"]}','{"due": "2026"}',3,'v5',1772445600000000);
CREATE INDEX ix_decisions_at ON decisions (at);
CREATE INDEX ix_decisions_subject ON decisions (subject);
CREATE INDEX ix_findings_subject ON findings (subject);
CREATE INDEX inbox_due ON inbox (due_at);
CREATE INDEX ix_facts_bundle ON facts (bundle);
CREATE INDEX ix_intents_bundle ON intents (bundle);
CREATE INDEX ix_links_bundle ON links (bundle);
CREATE INDEX ix_mirrors_bundle ON mirrors (bundle);
CREATE INDEX ix_seen_bundle ON seen (bundle);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('intents',1);
COMMIT;
