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
        "tussenvoegsel, sobrenome, apelido, nome cliente",
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
        "phone, telephone, tel, telno, phonenumber, phone number, mobile, mobile number, cell, cellphone, cell phone, "
        "msisdn, fax, landline, whatsapp, telefon, telefonnummer, telefonnr, rufnummer, handy, handynummer, mobil, "
        "mobilnummer, mobiltelefon, telefone, telefono, movil, celular, cellulare, telemovel, portable, telefoon, "
        "telefoonnummer, gsm",
    ),
    Meaning(
        "STREET_ADDRESS", _DIRECT, "words", True,
        "street, street address, address, addr, address line, addressline, home address, mailing address, shipping "
        "address, billing address, strasse, str, adresse, anschrift, wohnadresse, hausnummer, house number, street "
        "number, street name, rue, voie, calle, direccion, domicilio, indirizzo, via, straat, adres, rua, endereco, "
        "morada",
    ),
    Meaning(
        "CITY", _QUASI, "words", True,
        "city, town, suburb, locality, municipality, stadt, wohnort, ort, geburtsort, gemeinde, ville, commune, ciudad, "
        "localidad, municipio, citta, comune, stad, woonplaats, plaats, gemeente, cidade",
    ),
    Meaning(
        "REGION", _QUASI, "words", True,
        "residence, place of birth, birth place, birthplace, state, province, region, county, district, bundesland, "
        "kanton, landkreis, departement, provincia, estado, regione, provincie, distrito, locale",
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
        "occupation, profession, job title, jobtitle, job, employer, beruf, arbeitgeber, metier, profesion, ocupacion, "
        "professione, beroep, profissao",
    ),
    Meaning(
        "EDUCATION", _QUASI, "category", True,
        "education, education level, bildung, schulabschluss, educacion, istruzione, opleiding",
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
        "health, gesundheit, sante, bmi, hiv, pregnant, pregnancy",
    ),
    Meaning("SEXUALITY", _SENSITIVE, "any", True, "sexual orientation, orientation, sexuelle orientierung"),
    Meaning(
        "INCOME", _SENSITIVE, "any", True,
        "income, salary, wage, wages, salary class, earnings, net worth, credit score, creditscore, balance, account "
        "balance, debt, gehalt, lohn, einkommen, kontostand, salaire, revenu, salario, ingreso, ingresos, sueldo, "
        "stipendio, reddito, inkomen, salaris, renda, schufa, capital gain, capital loss",
    ),
    Meaning(
        "IBAN_CODE", _DIRECT, "id", True,
        "iban, bank account, account number, accountnumber, bankkonto, kontonummer, ktonr, compte bancaire, cuenta "
        "bancaria, rekeningnummer",
    ),
    Meaning(
        "CREDIT_CARD", _DIRECT, "id", True,
        "card number, cardnumber, credit card, creditcard, cc number, ccnumber, pan, kartennummer, kreditkarte, "
        "kreditkartennummer, carte bancaire, numero carte, tarjeta, numero tarjeta, carta credito, creditcardnummer, "
        "cartao",
    ),
    Meaning("CVV", _SENSITIVE, "code", True, "cvv, cvc, card security code, pruefziffer karte"),
    Meaning(
        "IP_ADDRESS", _DIRECT, "any", True,
        "ip, ip address, ipaddress, ipv 4, ipv 6, ip addr, client ip, srcip, remote addr, ip adresse",
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
        "passenger id, rec id, record id, contact id, kundennummer, kundennr, kunden id, kundenid, kdnr, mitgliedsnummer, "
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
count counts cnt num has is was opt optin consent flag verified valid validated confirmed bounced status type kind
category template length len size total sum avg mean min max rate ratio share score pct percent percentage format
enabled disabled allowed preference preferences pref channel anzahl subject sent opened clicks open click provider
model brand version language lang currency
"""
ABOUT = frozenset(_ABOUT.split())

#: A ``name`` beside one of these is not a person's.
_NOT_PERSONS = """
product item file event host table column brand company business organisation organization org firma shop store
restaurant hotel school team group project campaign app service server domain category class tag role department dept
bank plan tier status city country state region county street ship vessel station course book title movie track album
artist genre playlist media currency color colour model metric job task dag bucket index field key sensor device
environment cluster
"""
NOT_PERSONS = frozenset(_NOT_PERSONS.split())
