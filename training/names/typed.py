"""Small lists of facts that we typed: peoples and faiths, titles, words beside companies and streets, known companies, slang."""

from __future__ import annotations

PEOPLES = """
afghan african albanian algerian american angolan arab arabic argentinian argentine armenian asian australian austrian
azerbaijani bangladeshi basque belarusian belgian bolivian bosnian brazilian british bulgarian burmese cambodian
cameroonian canadian catalan caucasian celtic chilean chinese colombian congolese croatian cuban cypriot czech danish
dutch egyptian english estonian ethiopian european filipino finnish flemish french georgian german ghanaian greek
guatemalan haitian hawaiian hispanic hungarian icelandic indian indonesian iranian iraqi irish israeli italian jamaican
japanese jordanian kazakh kenyan korean kurdish kuwaiti latino latina latvian lebanese liberian libyan lithuanian
macedonian malaysian maltese mexican moldovan mongolian moroccan mozambican namibian nepalese nepali nicaraguan nigerian
norwegian pakistani palestinian panamanian persian peruvian polish portuguese qatari romanian russian rwandan saudi
scandinavian scottish senegalese serbian siberian sicilian slavic slovak slovenian somali spanish sudanese swedish swiss
syrian taiwanese tanzanian thai tibetan tunisian turkish ugandan ukrainian uruguayan venezuelan vietnamese welsh yemeni
zambian zimbabwean americans africans asians arabs australians brits canadians danes dutchmen egyptians europeans finns
germans greeks indians iranians iraqis israelis italians koreans mexicans norwegians pakistanis poles romanians russians
scots serbs spaniards swedes turks ukrainians christian christians muslim muslims jewish jews hindu hindus buddhist
buddhists catholic catholics protestant protestants sikh sikhs mormon mormons orthodox sunni shia atheist atheists
lutheran baptist methodist anglican quaker islamic republican republicans democrat democrats socialist socialists
communist communists conservative conservatives labour tory tories liberal liberals
"""

TITLES = """
mr mrs ms miss mx dr prof professor sir madam lord lady dame rev reverend father pastor rabbi imam sheikh captain capt
colonel col general gen major sergeant sgt lieutenant lt president king queen prince princess senator governor judge
justice uncle aunt auntie grandma grandpa granny nanny coach chef officer detective inspector saint st dj lil mister
herr frau monsieur madame mme senor senora signor signora saint chancellor minister mayor ambassador emperor sultan pope
bishop cardinal deacon
"""

COMPANY_WORDS = """
inc ltd llc plc corp corporation company co gmbh ag sa srl spa bv nv oy ab kg kgaa sarl pty limited incorporated
holdings holding group partners bank university college institute school academy hospital clinic church museum
foundation trust association society league club fc united committee council ministry department agency bureau
commission party union orchestra choir team band airlines airways insurance pharmaceuticals pharma motors electric
energy oil gas steel systems software technologies labs studios records entertainment media news times post herald
tribune press magazine network networks radio television tv channel stores supermarket hotel hotels restaurant cafe
brewery industries manufacturing logistics shipping construction consulting capital ventures securities fund federation
army navy police senate congress parliament court library theatre theater festival awards
"""

STREET_WORDS = """
street avenue road lane drive boulevard blvd ave rd ln dr st way court ct place pl square sq terrace highway hwy parkway
pkwy alley row crescent close circle trail route park bridge station airport beach lake river mount mountain hill hills
island islands valley bay creek county city town village province district region state north south east west northern
southern eastern western central upper lower harbor harbour port cape fort canyon desert forest ocean sea coast plaza
mall stadium arena center centre
"""

COUNTRIES = """
USA,US,U.S.,U.S.A.,UK,U.K.,UAE,England,Scotland,Wales,Northern Ireland,Great Britain,Holland,Czech Republic,Russia,
Turkey,Korea
"""
CONTINENTS = (
    "Europe,Asia,Africa,America,North America,South America,Latin America,Antarctica,Oceania,Middle East,Balkans,Caribbean,NYC"
)

# Companies, brands, institutions, teams and sites that everybody knows.
ORGANIZATIONS = """
Google,Apple,Microsoft,Amazon,Facebook,Meta,Twitter,YouTube,Instagram,Snapchat,TikTok,WhatsApp,LinkedIn,Reddit,Tumblr,
Pinterest,Netflix,Spotify,Uber,Lyft,Airbnb,PayPal,eBay,Tesla,SpaceX,NASA,FBI,CIA,NSA,IRS,NATO,UN,EU,UNICEF,UNESCO,WHO,
IMF,World Bank,BBC,CNN,NBC,ABC,CBS,HBO,ESPN,MTV,Fox News,Reuters,Bloomberg,Guardian,New York Times,Washington Post,
Wall Street Journal,Disney,Pixar,Marvel,Warner Bros,Sony,Nintendo,Sega,Samsung,LG,Nokia,Motorola,Huawei,Xiaomi,Lenovo,
Dell,HP,IBM,Intel,AMD,Nvidia,Oracle,SAP,Cisco,Adobe,Salesforce,Dropbox,Mozilla,Red Hat,Canonical,GitHub,Siemens,Bosch,
BMW,Audi,Volkswagen,Mercedes,Daimler,Porsche,Opel,Ford,Chrysler,General Motors,Toyota,Honda,Nissan,Mazda,Hyundai,Kia,
Volvo,Fiat,Ferrari,Renault,Peugeot,Boeing,Airbus,Lufthansa,Ryanair,Delta,United Airlines,British Airways,Emirates,
Walmart,Target,Costco,Starbucks,McDonalds,Burger King,KFC,Subway,Pizza Hut,Taco Bell,Coca Cola,Pepsi,Nestle,Unilever,
Danone,Kraft,Heineken,Nike,Adidas,Puma,Reebok,Zara,Ikea,Tesco,Sainsbury,Aldi,Lidl,Carrefour,Pfizer,Bayer,Novartis,Roche,
Merck,Sanofi,Moderna,AstraZeneca,Johnson & Johnson,Procter & Gamble,Shell,BP,Exxon,Chevron,Total,Gazprom,Aramco,Visa,
Mastercard,American Express,Goldman Sachs,Morgan Stanley,JP Morgan,Citibank,HSBC,Barclays,Deutsche Bank,Credit Suisse,
UBS,BNP Paribas,Santander,Allianz,Axa,Verizon,AT&T,T-Mobile,Vodafone,Comcast,Harvard,Yale,Stanford,MIT,
Oxford University,Cambridge University,Princeton,Columbia University,Berkeley,UCLA,Manchester United,Arsenal,Chelsea FC,
Liverpool FC,Real Madrid,Barcelona FC,Bayern,Juventus,Lakers,Celtics,Bulls,Knicks,Yankees,Red Sox,Mets,Dodgers,Cubs,
Giants,Patriots,Cowboys,Packers,Steelers,Eagles,Bears,Jets,Saints,NFL,NBA,MLB,NHL,FIFA,UEFA,IOC,Greenpeace,
Amnesty International,Red Cross,Beatles,Rolling Stones,Coldplay,Nirvana,Metallica,Queen,ABBA,Radiohead,Linkin Park,
Congress,Senate,Supreme Court,Pentagon,White House,Kremlin,Parliament,Labour Party,Tea Party
"""

SLANG = """
lol omg lmao rofl wtf idk tbh imo imho btw brb smh fyi ikr thx pls plz ur u r ya yall gonna wanna gotta kinda sorta
dunno gimme lemme cuz coz cos bc tho thru nite tonite tmrw tomo rn af fam bruh bro sis dude yo hey hiya haha hahaha hehe
lolz xoxo yay woohoo ugh meh hmm hmmm umm uhh ohh aww awww wow yikes oops yep nope yeah yea yup nah ok okay kk gr8 luv
bday selfie hashtag retweet rt dm pm fb ig yt tgif tbt ootd fomo yolo goals lit bae squad salty savage ship shade stan
vibe vibes slay thirsty woke hella hecka dope legit lowkey highkey aint dont cant wont didnt isnt wasnt doesnt couldnt
shouldnt wouldnt havent im ive id ill youre theyre thats whats hes shes lets sooo soo soooo tooo nooo yesss yess
pleaseee goood
"""


def words(text: str) -> list[str]:
    """The words of a typed list."""
    return text.split()


def phrases(text: str) -> list[str]:
    """The comma-separated phrases of a typed list."""
    return [" ".join(phrase.split()) for phrase in text.split(",")]


THINGS = """
iPhone,iPhone 5,iPad,iPod,iOS,Android,Windows,Windows 10,Mac,MacBook,MacBook Pro,Xbox,Xbox One,PlayStation,PS4,Wii,Kindle,Galaxy S4,
Galaxy Note,Chrome,Firefox,Safari,Photoshop,Excel,Word,Outlook,Skype,Gmail,Google Maps,Google Chrome,Java,Python,JavaScript,Linux,Ubuntu,
Minecraft,Call of Duty,Candy Crush,Pokemon,Super Mario,Grand Theft Auto,Angry Birds,Halo,Tetris,Star Wars,Star Trek,Game of Thrones,
Breaking Bad,The Walking Dead,Glee,Friends,The Office,The Simpsons,Family Guy,Twilight,The Hunger Games,Avatar,Titanic,Inception,The
Avengers,The Hobbit,Lord of the Rings,Big Brother,American Idol,X Factor,Dancing with the Stars,Super Bowl,World Cup,World Series,Champions
League,Premier League,Olympics,Grand Prix,Grammys,Oscars,Emmys,Nobel Prize,Christmas,Christmas Eve,Easter,Halloween,Thanksgiving,New Year,
Valentines Day,Mothers Day,Labor Day,Ramadan,Black Friday,Cyber Monday,Nutella,Oreo,Red Bull,Jack Daniels,Diet Coke,Big Mac,Frappuccino,
Toyota Camry,Ford Mustang,Honda Civic,Jeep,Barbie,Lego,Bible,Quran,God,Jesus,Lord,Mom,Dad,Mum,Grandma,Spring Break,Facebook Live,
Visa,Bluetooth,WiFi,GPS,USB,PDF,DVD,CD,TV,PC,ATM,VIP,CEO,PhD,HIV,DNA,ADHD,USA Today,World War II,Cold War,Brexit,Internet,Web,English,
Math,Science,Biology,Chemistry,History,Algebra,SAT
"""
EMOJI = "😂 😭 😍 ❤ 😊 👍 🎉 😀 🙏 💕 😘 😒 🔥 :) :( ;) :D <3 xD :P ♥ ..."
DAYS = """
Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February March April May June July August September October November
December today tomorrow yesterday
"""
FUNCTION_WORDS = """
the a an and or but of to in on at for with from by is was are be been it this that these those i you he she we they my your his her our
their not no so just then if when while because as than too very really all some any every more most about into over after before can will
would could should do does did have has had get got go going went come make know think want need see say like love hate feel there here
what who how why up down out off again still now never always only even also back me him them us one two
"""

STREET_BEFORE = """
Rue,rue,Rue de,rue de la,Avenue,avenue de,Boulevard,bd,Chemin de,Allée des,Place,Via,via,Viale,Piazza,Corso,Strada,Calle,calle,Calle de la,
C/,Avenida,Av.,Avda.,Plaza,Paseo,Carrera,Rua,rua,Rua da,Praça,Travessa,ul.,ulica,Ulitsa,Strada,Straße der,Am,An der,Auf dem,Im,Odos,Jalan,
Jl.,Quai,Rambla,Camino,Ronda,Passage
"""
STREET_AFTER = """
straße strasse str. weg gasse platz allee ring ufer damm berg straat laan weg plein kade gracht gata gatan vej vegen vägen gade gate plads
katu tie utca _utca _út _útja _tér ova _ulice _ul. _caddesi _sokak _str. _Straße _Strasse _Weg _Platz _Ring stræde bakken dalen
"""
