"""The names that Rails gives to time zones: Freshdesk writes those, not the usual ones (reference 6.7)."""

from __future__ import annotations

from zoneinfo import ZoneInfo

_BY_REGION = {
    "Africa": "Cairo Casablanca Harare Johannesburg=Pretoria Monrovia Nairobi Algiers=West_Central_Africa",
    "America": (
        "Bogota Caracas Chihuahua Godthab=Greenland Guatemala=Central_America Guyana=Georgetown "
        "Halifax=Atlantic_Time_(Canada) Indiana/Indianapolis=Indiana_(East) Juneau=Alaska La_Paz Lima "
        "Argentina/Buenos_Aires=Buenos_Aires Chicago=Central_Time_(US_&_Canada) "
        "Denver=Mountain_Time_(US_&_Canada) Los_Angeles=Pacific_Time_(US_&_Canada) "
        "New_York=Eastern_Time_(US_&_Canada) Mazatlan Mexico_City Mexico_City=Guadalajara Monterrey "
        "Montevideo Phoenix=Arizona Puerto_Rico Lima=Quito Regina=Saskatchewan Santiago Sao_Paulo=Brasilia "
        "St_Johns=Newfoundland Tijuana"
    ),
    "Asia": (
        "Almaty Almaty=Astana Baghdad Baku Bangkok Bangkok=Hanoi Chongqing Colombo=Sri_Jayawardenepura Dhaka "
        "Hong_Kong Irkutsk Jakarta Jerusalem Kabul Kamchatka Karachi Karachi=Islamabad Kathmandu Kolkata "
        "Kolkata=Chennai Kolkata=Mumbai Kolkata=New_Delhi Krasnoyarsk Kuala_Lumpur Kuwait Magadan Muscat "
        "Muscat=Abu_Dhabi Novosibirsk Rangoon Riyadh Seoul Shanghai=Beijing Singapore Srednekolymsk Taipei "
        "Tashkent Tbilisi Tehran Tokyo Tokyo=Osaka Tokyo=Sapporo Ulaanbaatar Urumqi Vladivostok Yakutsk "
        "Yekaterinburg=Ekaterinburg Yerevan"
    ),
    "Atlantic": "Azores Cape_Verde=Cape_Verde_Is. South_Georgia=Mid-Atlantic",
    "Australia": "Adelaide Brisbane Darwin Hobart Melbourne Melbourne=Canberra Perth Sydney",
    "Europe": (
        "Amsterdam Athens Belgrade Berlin Bratislava Brussels Bucharest Budapest Copenhagen Dublin Helsinki "
        "Istanbul Kaliningrad Kiev=Kyiv Lisbon Ljubljana London London=Edinburgh Madrid Minsk Moscow Paris "
        "Prague Riga Rome Samara Sarajevo Skopje Sofia Stockholm Tallinn Vienna Vilnius Volgograd Warsaw "
        "Zagreb Zurich=Bern Zurich Moscow=St._Petersburg"
    ),
    "Pacific": (
        "Apia=Samoa Auckland Auckland=Wellington Chatham=Chatham_Is. Fakaofo=Tokelau_Is. Fiji "
        "Guadalcanal=Solomon_Is. Guam Honolulu=Hawaii Majuro=Marshall_Is. Midway=Midway_Island "
        "Midway=International_Date_Line_West Noumea=New_Caledonia Pago_Pago=American_Samoa Port_Moresby "
        "Tongatapu=Nuku'alofa"
    ),
    "Etc": "UTC",
}


def _named() -> dict[str, str]:
    zones = {}
    for region, words in _BY_REGION.items():
        for word in words.split():
            city, _, name = word.partition("=")
            zones[(name or city).replace("_", " ")] = f"{region}/{city}"
    return zones


ZONES = _named()
"""The usual name of each zone by its Rails name."""
LANGUAGES = tuple(
    "ar bs bg ca zh-CN zh-TW zh-HK hr cs da nl en et fil fi fr de el he hu is id it ja-JP ko lv-LV lt ms "
    "nb-NO pl pt-BR pt-PT ro ru-RU sr sk sl es es-LA sv-SE th tr uk vi".split()
)


def zone(name: str) -> ZoneInfo:
    """Return the zone of a Rails name that is known."""
    return ZoneInfo(ZONES[name])
