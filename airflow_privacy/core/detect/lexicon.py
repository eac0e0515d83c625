"""Words of column names, in seven languages, and what they hint at. Whole tokens only; phrases are tokens in a row.

Entities are Presidio's where it has one (PERSON, EMAIL_ADDRESS, NRP, ...). Ours beside them: STREET_ADDRESS, CITY, REGION,
POSTAL_CODE, COUNTRY, COORDINATES, DATE_OF_BIRTH, AGE, GENDER, MARITAL_STATUS, OCCUPATION, EDUCATION, PERSON_ID, NATIONAL_ID,
DEVICE_ID, USERNAME, PASSWORD, INCOME, HEALTH, SEXUALITY, CVV. The verdict adds RECORD_ID (a unique key of no known kind) and
FREE_TEXT.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from airflow_privacy.core.model.findings import Role

# Which values fit the hint: names (few digits), place words, codes (short, with digits), numbers, dates, identifiers, categories
# (few distinct), or any.
Fit = Literal["name", "words", "code", "number", "date", "id", "category", "any"]


class Meaning(NamedTuple):
    """What a word of a column's name hints at. ``sure`` words need no further evidence than fitting values."""

    entity: str
    role: Role
    fit: Fit
    sure: bool
    phrases: str


_DIRECT: Role = "direct-identifier"
_QUASI: Role = "quasi-identifier"
_SENSITIVE: Role = "sensitive"

MEANINGS: tuple[Meaning, ...] = (
    Meaning(
        "PERSON", _DIRECT, "name", True,
        "first name, firstname, given name, givenname, fname, forename, last name, lastname, lname, surname, family name, "
        "familyname, middle name, middlename, maiden name, full name, fullname, birth name, person name, customer name, "
        "patient name, client name, employee name, contact name, student name, cardholder, card holder, account holder, "
        "cardholder name, vorname, nachname, familienname, zuname, geburtsname, rufname, kundenname, ansprechpartner, "
        "kontoinhaber, prenom, nom de famille, nom naissance, nom complet, nom client, nombre completo, apellido, "
        "apellidos, nombre cliente, nombre pila, nome completo, nome cognome, cognome, voornaam, achternaam, roepnaam, "
        "tussenvoegsel, sobrenome, apelido, nome cliente, composer, songwriter, lyricist, compositeur, komponist, "
        "spouse name, mother name, father name, next of kin, emergency contact, kin name, nominee, legal name, "
        "preferred name, nachnahme, nach name, vor name, primer apellido, segundo apellido, imie, nazwisko, fornavn, "
        "etternavn, efternamn, etunimi, sukunimi, jmeno, prijmeni, ad soyad, soyad, nume, prenume",
    ),
    Meaning(
        "PERSON", _DIRECT, "name", False,
        "name, names, nom, nombre, nome, naam, person, titular, inhaber, author, signatory, owner",
    ),
    Meaning(
        "EMAIL_ADDRESS", _DIRECT, "any", True,
        "email, e mail, mail address, mailaddress, emailaddress, mail, courriel, correo, correo electronico, "
        "emailadresse, mailadresse",
    ),
    Meaning(
        "PHONE_NUMBER", _DIRECT, "id", True,
        "phone, telephone, tel, tel nr, telno, tel no, phone no, phone nr, "
        "ph no, phonenumber, phone number, mobile, mobile number, cell, cellphone, cell phone, "
        "msisdn, fax, landline, whatsapp, telefon, telefonnummer, telefonnr, rufnummer, handy, handynummer, mobil, "
        "mobilnummer, mobiltelefon, telefone, telefono, movil, celular, cellulare, telemovel, portable, telefoon, "
        "telefoonnummer, gsm",
    ),
    Meaning(
        "STREET_ADDRESS", _DIRECT, "words", True,
        "street, street address, address, addr, address line, addressline, home address, mailing address, shipping "
        "address, billing address, strasse, str, adresse, anschrift, wohnadresse, "
        "lieferadresse, rechnungsadresse, postadresse, privatadresse, hausnummer, hausnr, "
        " house number, street "
        "number, street name, rue, voie, calle, direccion, domicilio, indirizzo, via, straat, adres, rua, endereco, "
        "morada",
    ),
    Meaning(
        "CITY", _QUASI, "words", True,
        "city, town, home town, hometown, "
        "suburb, locality, municipality, stadt, wohnort, ort, geburtsort, gemeinde, ville, commune, ciudad, "
        "localidad, municipio, citta, comune, stad, woonplaats, plaats, gemeente, cidade",
    ),
    Meaning(
        "REGION", _QUASI, "words", True,
        "residence, place of birth, birth place, birthplace, state, province, region, county, district, bundesland, "
        "kanton, landkreis, departement, provincia, estado, regione, provincie, distrito, locale, location, "
        "origin, place, standort, lieu, ubicacion, luogo, land of residence",
    ),
    Meaning(
        "POSTAL_CODE", _QUASI, "code", True,
        "zip, zipcode, zip code, postal, postal code, postalcode, postcode, post code, plz, postleitzahl, code postal, "
        "codepostal, codigo postal, cap, codice postale, cep, cp",
    ),
    Meaning(
        "COUNTRY", _QUASI, "words", True,
        "country, country code, countrycode, country name, nation, native country, country of birth, land, herkunftsland, "
        "pays, pais, paese, nazione",
    ),
    Meaning(
        "COORDINATES", _QUASI, "number", True,
        "lat, latitude, lon, lng, longitude, long, geo, coordinates, gps, geolocation, breitengrad, laengengrad, latitud, "
        "longitud",
    ),
    Meaning(
        "DATE_OF_BIRTH", _QUASI, "date", True,
        "birth date, birthdate, birthday, birth day, date of birth, dateofbirth, dob, birth, birth year, birthyear, year "
        "of birth, yob, born, geburtsdatum, geburtstag, geburtsjahr, gebdatum, geb, date naissance, date de naissance, "
        "naissance, fecha nacimiento, fecha de nacimiento, nacimiento, data nascita, data di nascita, nascita, "
        "geboortedatum, data nascimento, data de nascimento, nascimento",
    ),
    Meaning("AGE", _QUASI, "category", True, "age, age group, age band, alter, altersgruppe, edad, eta, leeftijd, idade"),
    Meaning(
        "GENDER", _QUASI, "category", True,
        "gender, sex, geschlecht, anrede, salutation, sexe, sexo, genero, sesso, genere, geslacht",
    ),
    Meaning(
        "MARITAL_STATUS", _QUASI, "category", True,
        "marital, marital status, familienstand, etat civil, situation familiale, estado civil, stato civile, burgerlijke "
        "staat",
    ),
    Meaning(
        "OCCUPATION", _QUASI, "category", True,
        "occupation, profession, job title, jobtitle, job, beruf, metier, profesion, ocupacion, "
        "professione, beroep, profissao, workclass, work class, employment type, employment status, employment, "
        "experience level, seniority, job level, job grade, job role, pay grade, position title, stellung, taetigkeit, "
        "berufsbezeichnung, stellenbezeichnung, puesto, cargo, poste, functie, mansione",
    ),
    Meaning(
        "ORGANIZATION", _QUASI, "words", True,
        "company, company name, employer, employer name, organisation, organization, organisation name, organization "
        "name, firm, firma, firmenname, unternehmen, arbeitgeber, entreprise, societe, employeur, empresa, azienda, "
        "bedrijf, bedrijfsnaam, werkgever, school name, university name",
    ),
    Meaning(
        "EDUCATION", _QUASI, "category", True,
        "education, education level, degree, highest degree, bildung, schulabschluss, educacion, istruzione, opleiding",
    ),
    Meaning(
        "NRP", _SENSITIVE, "category", True,
        "religion, religious, confession, konfession, glaube, race, ethnic, ethnicity, ethnie, etnia, raca, nationality, "
        "citizenship, nationalitaet, staatsangehoerigkeit, nationalite, nacionalidad, nazionalita, nationaliteit, "
        "nacionalidade, political, party, partei, union, union member, gewerkschaft, religione, religiao, godsdienst, "
        "immigration status",
    ),
    Meaning(
        "HEALTH", _SENSITIVE, "any", True,
        "diagnosis, diagnoses, disease, illness, medical, medication, condition, symptom, symptoms, allergy, allergies, "
        "blood type, blood group, disability, treatment, prescription, icd, diagnose, krankheit, befund, blutgruppe, "
        "behinderung, medikament, diagnostic, maladie, enfermedad, diagnostico, malattia, diagnosi, ziekte, doenca, "
        "health, gesundheit, sante, bmi, hiv, pregnant, pregnancy, survived, deceased, "
        "died, is dead, death, cause of death, vital status, verstorben, "
        "gestorben, todesursache, decede, deces, fallecido, deceduto, overleden, falecido",
    ),
    Meaning("SEXUALITY", _SENSITIVE, "any", True, "sexual orientation, orientation, sexuelle orientierung"),
    Meaning(
        "INCOME", _SENSITIVE, "any", True,
        "income, salary, wage, wages, salary class, earnings, net worth, credit score, creditscore, balance, account "
        "balance, debt, gehalt, jahresgehalt, monatsgehalt, bruttogehalt, nettogehalt, "
        "grundgehalt, bruttolohn, nettolohn, lohn, einkommen, kontostand, salaire, revenu, salario, ingreso, ingresos, sueldo, "
        "stipendio, reddito, inkomen, salaris, renda, schufa, capital gain, capital loss",
    ),
    Meaning(
        "IBAN_CODE", _DIRECT, "id", True,
        "iban, bank account, account number, accountnumber, bankkonto, kontonummer, ktonr, compte bancaire, cuenta "
        "bancaria, rekeningnummer",
    ),
    Meaning(
        "CREDIT_CARD", _DIRECT, "id", True,
        "card number, card no, cardnumber, credit card, creditcard, cc number, ccnumber, pan, kartennummer, kreditkarte, "
        "kreditkartennummer, carte bancaire, numero carte, tarjeta, numero tarjeta, carta credito, creditcardnummer, "
        "cartao",
    ),
    Meaning("CVV", _SENSITIVE, "code", True, "cvv, cvc, card security code, pruefziffer karte"),
    Meaning(
        "IP_ADDRESS", _DIRECT, "any", True,
        "ip, ip address, ip num, ip int, ip number, ipaddress, ipv 4, ipv 6, ip addr, client ip, srcip, remote addr, ip adresse",
    ),
    Meaning("MAC_ADDRESS", _DIRECT, "any", True, "mac address, macaddress, mac"),
    Meaning("US_SSN", _DIRECT, "id", True, "ssn, social security, social security number, socialsecurity, soc sec, soc sec id"),
    Meaning(
        "NATIONAL_ID", _DIRECT, "id", True,
        "passport, passport number, passport no, national id, nationalid, tax id, taxid, tin, driver license, drivers "
        "license, driving licence, licence number, license plate, insurance number, nino, nhs number, aadhaar, pesel, "
        "personal number, steuerid, steuer id, steuernummer, sozialversicherungsnummer, svnr, ausweisnummer, "
        "personalausweis, reisepass, fuehrerschein, kennzeichen, krankenversicherungsnummer, nir, numero securite "
        "sociale, numero fiscal, nif, nie, dni, curp, rfc, codice fiscale, bsn, burgerservicenummer, cpf, rg, nss",
    ),
    Meaning(
        "PERSON_ID", _DIRECT, "id", True,
        "customer id, customerid, customer number, customer no, customer key, user id, userid, uid, client id, clientid, "
        "patient id, patientid, mrn, person id, personid, personnummer, employee id, employeeid, employee number, member "
        "id, memberid, subscriber id, account id, accountid, subject id, student id, studentid, guest id, visitor id, "
        "passenger id, contact id, reports to, kundennummer, kundennr, kunden id, kundenid, kdnr, mitgliedsnummer, "
        "personalnummer, patientennummer, versichertennummer, nutzer id, id client, numero client, id cliente, numero "
        "cliente, id utilisateur, id usuario, id paciente, klantnummer, klant id",
    ),
    Meaning(
        "DEVICE_ID", _DIRECT, "id", True,
        "device id, deviceid, imei, imsi, idfa, gaid, android id, advertising id, cookie, cookie id, session id, "
        "sessionid, vin, serial number, fingerprint, seriennummer, geraete id",
    ),
    Meaning(
        "USERNAME", _DIRECT, "any", True,
        "username, user name, login, login name, nickname, handle, screen name, twitter, instagram, facebook, linkedin, "
        "skype, benutzername, identifiant, usuario, nome utente, gebruikersnaam",
    ),
    Meaning(
        "PASSWORD", _DIRECT, "any", True,
        "password, passwd, pwd, passwort, kennwort, mot de passe, contrasena, wachtwoord, senha, api key, secret",
    ),
)  # fmt: skip

#: Tokens that say the column is *about* the thing and does not hold it: ``email_opt_in``, ``phone_verified``, ``city_count``.
_ABOUT = """
count counts cnt num has is was opt optin consent flag verified valid validated confirmed bounced status type kind category
template length len size total sum avg mean min max rate ratio share score pct percent percentage format enabled disabled
allowed preference preferences pref channel anzahl subject sent opened clicks open click provider model brand version language
lang currency
"""
ABOUT = frozenset(_ABOUT.split())

#: Words with another everyday meaning (``via`` mail, a ``cap`` of 100, ``eta``): they count only where other columns speak of the
#: same: of persons, or of places.
_TWO_MEANINGS = """
via str rue ort plaats land cap cp state county district region location origin place locale long lat lon lng geo eta
condition treatment party union race job cell handle portable mobil job position poste cargo orientation balance debt died
death degree employment nation estado origin il lan kon nem kor din maa dom gata gate cim kraj plat vek maas nev nimi sted
tara il secret uid tin rg nie rfc cookie vin medical
"""
TWO_MEANINGS = frozenset(_TWO_MEANINGS.split())

#: Columns that people write into freely.
_FREE_FIELDS = """
comment comments remark remarks note notes memo feedback message body review complaint description details freetext narrative
bio bemerkung bemerkungen kommentar notiz notizen anmerkung anmerkungen beschreibung nachricht beschwerde commentaire
commentaires remarque comentario comentarios observaciones observacoes nota mensaje commento commenti messaggio opmerking
opmerkingen bericht
"""
FREE_FIELDS = frozenset(_FREE_FIELDS.split())

#: Codes that every copy of a product, a text or a software has alike: they look like cards, telephones and national numbers.
_PRODUCT_CODES = """
isbn issn ean gtin upc asin sku barcode artikelnummer artnr version release build firmware revision commit hash checksum batch
lot swift bic
"""
PRODUCT_CODES = frozenset(_PRODUCT_CODES.split())

#: Numbers of orders and parcels: each of one event, and none a card, a telephone or a national number.
_EVENT_CODES = "tracking awb sscc order bestellnummer auftragsnummer sendungsnummer rechnungsnummer invoice ticket"
EVENT_CODES = frozenset(_EVENT_CODES.split())

#: A date of one of these is a date of a person's life, which others know.
_LIFE = """
hire hired employment joined entry admission discharge death died wedding marriage graduation retirement enrolment enrollment
eintritt eintrittsdatum austritt austrittsdatum einstellung entlassung aufnahme hochzeit tod embauche deces contratacion
ingreso assunzione overlijden admissao surgery visit appointment
"""
LIFE = frozenset(_LIFE.split())
