"""Words of column names in further languages and scripts, by entity; the verdicts are those of :mod:`lexicon`.

Polish, Czech, Swedish, Danish, Norwegian, Finnish, Romanian, Hungarian, Turkish, Russian, Greek, Chinese, Japanese, Korean,
Arabic, Hindi in Latin letters. A script without blanks is one token: the whole name has to be the word.
"""

from __future__ import annotations

MORE: dict[str, str] = {
    "PERSON": (
        "imie nazwisko, imie i nazwisko, jmeno a prijmeni, namn, fulde navn, navn, nimi, nev, vezeteknev, keresztnev, "
        "isim, ad soyad, фамилия, имя, отчество, фио, ονομα, επωνυμο, ονοματεπωνυμο, 姓名, 氏名, 名前, 姓, 名, 顧客名, "
        "客户姓名, 이름, 성명, الاسم, naam poora, meno, priezvisko"
    ),
    "EMAIL_ADDRESS": (
        "e post, epost, epasta, eposta, sahkoposti, adres e mail, почта, электронная почта, 邮箱, 电子邮件, メール, "
        "メールアドレス, 이메일, البريد الالكتروني"
    ),
    "PHONE_NUMBER": (
        "telefonnummer, telefonszam, numer telefonu, telefonni cislo, puhelin, puhelinnumero, tlf, cep telefonu, "
        "telefon numarasi, телефон, номер телефона, τηλεφωνο, 电话, 手机, 手机号, 手机号码, 電話番号, 携帯電話, "
        "전화번호, 휴대폰, الهاتف"
    ),
    "STREET_ADDRESS": (
        "ulica, ulice, gata, gatuadress, gade, gate, osoite, katuosoite, utca, sokak, cim, adresa, adres zamieszkania, "
        "адрес, улица, дом, διευθυνση, οδος, 地址, 住址, 住所, 주소, العنوان"
    ),
    "CITY": ("miasto, mesto, kaupunki, sted, varos, sehir, oras, город, πολη, 城市, 市区町村, 도시, المدينة"),
    "REGION": ("wojewodztwo, kraj, lan, fylke, maakunta, megye, il, judet, область, регион, νομος, 省, 都道府県, 지역"),
    "POSTAL_CODE": (
        "kod pocztowy, psc, postnummer, postnr, postinumero, iranyitoszam, posta kodu, cod postal, индекс, "
        "почтовый индекс, 邮编, 邮政编码, 郵便番号, 우편번호, pin code, pincode, eircode, suburb code"
    ),
    "COUNTRY": ("panstwo, zeme, maa, orszag, ulke, tara, страна, χωρα, 国家, 国籍国, 国, 국가, البلد"),
    "DATE_OF_BIRTH": (
        "data urodzenia, datum narozeni, fodelsedatum, fodselsdato, syntymaaika, szuletesi datum, dogum tarihi, "
        "data nasterii, дата рождения, ημερομηνια γεννησης, 生年月日, 出生日期, 生日, 생년월일, تاريخ الميلاد, d o b, "
        "birth dt, bday, bdate"
    ),
    "AGE": ("wiek, vek, alder, ika, kor, yas, varsta, возраст, ηλικια, 年龄, 年齢, 나이"),
    "GENDER": ("plec, pohlavi, kon, kjonn, sukupuoli, nem, cinsiyet, пол, φυλο, 性别, 性別, 성별, الجنس, sx"),
    "MARITAL_STATUS": ("stan cywilny, rodinny stav, civilstand, sivilstand, medeni hali, семейное положение, 婚姻状况, 結婚歴"),
    "OCCUPATION": ("zawod, povolani, yrke, ammatti, meslek, профессия, должность, 职业, 職業, 직업"),
    "INCOME": (
        "wynagrodzenie, pensja, plat, lon, palkka, fizetes, maas, зарплата, доход, 工资, 收入, 給与, 年収, 급여, annual income"
    ),
    "HEALTH": ("choroba, rozpoznanie, diagnoza, sykdom, sairaus, hastalik, tani, диагноз, болезнь, 诊断, 診断, 病名, 진단"),
    "NRP": ("wyznanie, narodowosc, narodnost, uskonto, din, национальность, вероисповедание, 民族, 宗教, 国籍, 국적"),
    "NATIONAL_ID": (
        "numer pesel, rodne cislo, personnummer, fodselsnummer, cpr nummer, henkilotunnus, hetu, szemelyi szam, "
        "tc kimlik no, tckn, cnp, паспорт, снилс, инн, αφμ, αμκα, 身份证, 身份证号, 身份证号码, マイナンバー, "
        "주민등록번호, رقم الهوية, aadhar, ni number, carte identite, cedula, rut, ruc, tarjeta sanitaria, kvnr, rvnr, "
        "sv nummer, versicherungsnr, versicherungsnummer, codfisc, cod fiscale"
    ),
}
