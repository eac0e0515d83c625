"""Nationalities (of the members of the United Nations and of larger peoples), religions and political groups, in English."""

from __future__ import annotations

_NATIONALITIES = (
    "Afghan Albanian Algerian American Andorran Angolan Antiguan Argentine Argentinian Armenian Australian Austrian Azerbaijani "
    "Bahamian Bahraini Bangladeshi Barbadian Belarusian Belgian Belizean Beninese Bhutanese Bolivian Bosnian Brazilian British "
    "Bruneian Bulgarian Burkinabe Burmese Burundian Cambodian Cameroonian Canadian Chadian Chilean Chinese Colombian Comorian "
    "Congolese Croatian Cuban Cypriot Czech Danish Dane Djiboutian Dominican Dutch Ecuadorian Egyptian Emirati English Eritrean "
    "Estonian Eswatini Ethiopian Fijian Filipino Finnish Finn French Gabonese Gambian Georgian German Ghanaian Greek Grenadian "
    "Guatemalan Guinean Guyanese Haitian Honduran Hungarian Icelandic Icelander Indian Indonesian Iranian Iraqi Irish Israeli "
    "Italian Ivorian Jamaican Japanese Jordanian Kazakh Kenyan Kiribati Korean Kosovar Kuwaiti Kyrgyz Laotian Latvian Lebanese "
    "Liberian Libyan Liechtensteiner Lithuanian Luxembourger Macedonian Malagasy Malawian Malaysian Maldivian Malian Maltese "
    "Mauritanian Mauritian Mexican Micronesian Moldovan Monegasque Mongolian Montenegrin Moroccan Mozambican Namibian Nauruan "
    "Nepalese Nepali Nicaraguan Nigerian Nigerien Norwegian Omani Pakistani Palauan Palestinian Panamanian Paraguayan Peruvian "
    "Polish Portuguese Qatari Romanian Russian Rwandan Salvadoran Sammarinese Samoan Saudi Senegalese Serbian Seychellois "
    "Singaporean Slovak Slovakian Slovene Slovenian Somali Spanish Spaniard Sudanese Surinamese Swede Swedish Swiss Syrian "
    "Taiwanese Tajik Tanzanian Thai Timorese Togolese Tongan Trinidadian Tunisian Turk Turkish Turkmen Tuvaluan Ugandan "
    "Ukrainian Uruguayan Uzbek Venezuelan Vietnamese Welsh Yemeni Zambian Zimbabwean Scottish Scot Catalan Basque Kurdish Kurd "
    "Tibetan Bavarian Sicilian Hawaiian Inuit Cherokee Navajo Maori Aboriginal Arab Arabic Persian African Asian European "
    "Caucasian Hispanic Latino Latina Scandinavian Balkan Caribbean Jewish Romani Sinti Tamil Punjabi Bengali Gujarati Sikh"
)
_RELIGIONS = (
    "Christian Catholic Protestant Lutheran Methodist Baptist Presbyterian Anglican Evangelical Pentecostal Mormon Quaker "
    "Muslim Islamic Sunni Shia Shiite Sufi Hindu Buddhist Jew Jainist Taoist Shinto Bahai Zoroastrian Orthodox Atheist Agnostic"
)
_POLITICAL = "Democrat Republican Communist Socialist Marxist Libertarian Tory Labourite Conservative Zionist Anarchist Fascist"

_SEVERAL_WORDS = (
    "New Zealander", "South African", "Sri Lankan", "North Korean", "South Korean", "Costa Rican", "Puerto Rican", "San Marinese",
    "Saudi Arabian", "Sierra Leonean", "Cape Verdean", "East Timorese", "Papua New Guinean", "Central African",
    "Native American", "Native Hawaiian", "Jehovah's Witness", "Seventh-day Adventist", "Latter-day Saint",
)  # fmt: skip

AFFILIATIONS = frozenset((*_SEVERAL_WORDS, *f"{_NATIONALITIES} {_RELIGIONS} {_POLITICAL}".split()))
"""Singular; an adjective and a noun of one people are both there where they differ."""
