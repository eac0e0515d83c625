"""Words around a run of digits that say it is a telephone number, or something else."""

from __future__ import annotations

import polars as pl

_PHONE = r"""
phones? telephone telefon teléfono telefono telefone telefoon telefonu? téléphone telephon telefonnummer telefoonnummer
puhelin tel tél tlf ph cell cellphone cellular celular cellulare mobile mob mobil mobiel móvil movil telemóvel portable
mobiltelefon mobilnummer mobielnummer handy handynummer rufnummer telefonnr gsm fax faxnummer telefax calls? called
calling dial sms texted whatsapp viber hotline helpline voicemail landline switchboard pager anruf anrufen erreichbar
erreichen appeler appelez joindre llame llamar llamada ligue ligar chiamare chiama bellen
"""
_PHONE_UNSPACED = "тел моб факс τηλ 电话 電話 手机 手機 携帯 传真 傳真 전화 휴대폰 फोन मोबाइल هاتف جوال טלפון โทร"
_WEAK = "numbers? numero número numéro nummer no nr contact kontakt contacto contato home work office desk emergency reach"
_OTHER = r"""
accounts? acct acc konto kontonummer cuenta conta conto compte rekening orders? bestell\w* auftrag\w* pedido commande ordine
invoice rechnung\w* factura fatura facture fattura card visa mastercard amex karte\w* tarjeta cartão carte iban bic swift
routing ssn social tax taxpayer vat ustid\w* steuer\w* tin ein ids? uid guid uuid isbn issn ean upc gtin asin doi serial
model part sku tracking shipment parcel paket\w* sendung\w* ticket case ref reference referenz referencia omb polic[yei]\w*
licen[cs]e passport reisepass pasaporte zip zipcode plz postal postcode postleitzahl version build release revision ip port
host npi dea imei imsi vin patent mrn patient member membership customer kunden\w* cliente client employee student
transaction batch lot date datum fecha born geboren dob timestamp epoch years? jahr price preis amount betrag sum total
population latitude longitude lat lon lng coordinates hex code pin password usd eur chf gbp inr https? www document form
registration bsn nhs medicare aadhaar pan cpf cnpj nif dni nie abn acn tfn sin
"""
_OTHER_UNSPACED = "序列号 账号 帳號 订单 身份证 卡号 编号 口座 注文 계좌 주문"


def _any(*lists: str) -> str:
    return "|".join(word for listed in lists for word in listed.split())


_B = r"(?-u:\b)"  # of ASCII: the fast engine knows no other; scripts that need another are in the unspaced lists
_ANY = rf"(?:{_B}(?:{_any(_PHONE, _WEAK, _OTHER)}){_B}|{_any(_PHONE_UNSPACED, _OTHER_UNSPACED)})"
_IS_PHONE = rf"^(?:{_any(_PHONE, _PHONE_UNSPACED)})$"
_IS_OTHER = rf"^(?:{_any(_OTHER, _OTHER_UNSPACED)})$"
_BEHIND = (
    r"(?i)^[ \t]{0,2}[(\[]?(?:office|fax|mobile?|mob|cell(?:phone)?|phone|tel|handy|m[óo]vil|celular|portable|landline|work|home)"
    r"(?:[^a-z]|$)"
)


def sayings(frame: pl.DataFrame) -> pl.DataFrame:
    """*frame* (of :func:`runs.find_runs`) with what the words say.

    ``said``: the nearest telling word in front of a run, or the word right behind it, is one of telephones; ``denied``: it tells
    of something else, also as "account number"; ``weak``: it is as general as "number" alone.
    """
    words = pl.col("before").str.to_lowercase().str.extract_all(_ANY)
    frame = frame.with_columns(
        words.list.get(-1, null_on_oob=True).alias("last"), words.list.get(-2, null_on_oob=True).alias("next")
    )
    phone = pl.col("last").str.contains(_IS_PHONE).fill_null(False)
    nearly = pl.col("next").str.contains(_IS_PHONE).fill_null(False)
    other = pl.col("last").str.contains(_IS_OTHER).fill_null(False)
    general = pl.col("last").is_not_null() & ~phone & ~other
    said = phone | (general & nearly) | pl.col("behind").str.contains(_BEHIND)
    denied = (other | (general & pl.col("next").str.contains(_IS_OTHER).fill_null(False))) & ~said
    return frame.with_columns(said.alias("said"), denied.alias("denied"), (general & ~said & ~denied).alias("weak")).drop(
        "last", "next"
    )
