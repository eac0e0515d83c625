"""What every column of the reference tables is, as a privacy engineer judges it from the data's description and a look at it.

Written down before detection ran. Entity and role by column; where people may differ, ``WHY`` says what
decided. The ground rules:

- Parts of one address or one name are direct identifiers together: a house number is to an address what a first name is
  to one.
- A key is a direct identifier where a row is a person or an event of a person's (an invoice, a line of it), and harmless where a
  row is a thing (a track, a restaurant, a nation). A key that refers to such a row is what the key itself is.
- A business address is an address, and harmless. Who lives at a table of restaurants?
- What others can know of a person (dates of hiring, job, residence) is a quasi-identifier. A time stamp that only the
  system's own log knows is not.
- What Art. 9 GDPR protects is sensitive even where others can see it (race). A policy may count it with the
  quasi-identifiers too.
"""

from __future__ import annotations

from airflow_privacy.core.model.findings import Role

_D: Role = "direct-identifier"
_Q: Role = "quasi-identifier"
_S: Role = "sensitive"
_N: Role = "non-sensitive"
_NOTHING: tuple[str | None, Role] = (None, _N)
_KEY_OF_A_THING: tuple[str | None, Role] = ("RECORD_ID", _N)
_EVENT: tuple[str | None, Role] = ("DATE_TIME", _N)
_TEXT: tuple[str | None, Role] = ("FREE_TEXT", _S)

_FEBRL: dict[str, tuple[str | None, Role]] = {
    "rec_id": ("RECORD_ID", _D),
    "given_name": ("PERSON", _D),
    "surname": ("PERSON", _D),
    "street_number": ("STREET_ADDRESS", _D),
    "address_1": ("STREET_ADDRESS", _D),
    "address_2": ("STREET_ADDRESS", _D),
    "suburb": ("CITY", _Q),
    "postcode": ("POSTAL_CODE", _Q),
    "state": ("REGION", _Q),
    "date_of_birth": ("DATE_OF_BIRTH", _Q),
    "soc_sec_id": ("NATIONAL_ID", _D),
}

TRUTH: dict[str, dict[str, tuple[str | None, Role]]] = {
    "userdata1": {
        "registration_dttm": _EVENT,
        "id": ("RECORD_ID", _D),
        "first_name": ("PERSON", _D),
        "last_name": ("PERSON", _D),
        "email": ("EMAIL_ADDRESS", _D),
        "gender": ("GENDER", _Q),
        "ip_address": ("IP_ADDRESS", _D),
        "cc": ("CREDIT_CARD", _D),
        "country": ("COUNTRY", _Q),
        "birthdate": ("DATE_OF_BIRTH", _Q),
        "salary": ("INCOME", _S),
        "title": ("OCCUPATION", _Q),
        "comments": _TEXT,
    },
    "zomato": {
        "Restaurant ID": _KEY_OF_A_THING,
        "Restaurant Name": ("ORGANIZATION", _N),
        "Country Code": ("COUNTRY", _N),
        "City": ("CITY", _N),
        "Address": ("STREET_ADDRESS", _N),
        "Locality": ("CITY", _N),
        "Locality Verbose": ("CITY", _N),
        "Longitude": ("COORDINATES", _N),
        "Latitude": ("COORDINATES", _N),
        "Cuisines": _NOTHING,
        "Average Cost for two": _NOTHING,
        "Currency": _NOTHING,
        "Has Table booking": _NOTHING,
        "Has Online delivery": _NOTHING,
        "Is delivering now": _NOTHING,
        "Switch to order menu": _NOTHING,
        "Price range": _NOTHING,
        "Aggregate rating": _NOTHING,
        "Rating color": _NOTHING,
        "Rating text": _NOTHING,
        "Votes": _NOTHING,
    },
    "honeypot": {
        "datetime": _EVENT,
        "host": _NOTHING,
        "src": ("IP_ADDRESS", _D),
        "proto": _NOTHING,
        "type": _NOTHING,
        "srcport": _NOTHING,
        "destport": _NOTHING,
        "srcip": ("IP_ADDRESS", _D),
        "locale": ("REGION", _Q),
        "localeabbr": ("REGION", _Q),
        "postalcode": ("POSTAL_CODE", _Q),
        "latitude": ("COORDINATES", _Q),
        "longitude": ("COORDINATES", _Q),
        "owner": _NOTHING,
        "comment": _TEXT,
        "int_col": _NOTHING,
    },
    "titanic": {
        "index": ("RECORD_ID", _D),
        "class": _NOTHING,
        "age": ("AGE", _Q),
        "sex": ("GENDER", _Q),
        "survived": ("HEALTH", _S),
    },
    "nation (impala)": {
        "n_nationkey": _KEY_OF_A_THING,
        "n_name": ("COUNTRY", _N),
        "n_regionkey": _KEY_OF_A_THING,
        "n_comment": _TEXT,
    },
    "nation (plain)": {
        "nation_key": _KEY_OF_A_THING,
        "name": ("COUNTRY", _N),
        "region_key": _KEY_OF_A_THING,
        "comment_col": _TEXT,
    },
    "ds_salaries": {
        "uuid": ("UUID", _D),
        "work_year": _EVENT,
        "experience_level": ("OCCUPATION", _Q),
        "employment_type": ("OCCUPATION", _Q),
        "job_title": ("OCCUPATION", _Q),
        "salary": ("INCOME", _S),
        "salary_currency": _NOTHING,
        "salary_in_usd": ("INCOME", _S),
        "employee_residence": ("COUNTRY", _Q),
        "remote_ratio": _NOTHING,
        "company_location": ("COUNTRY", _Q),
        "company_size": _NOTHING,
    },
    "febrl dataset1": _FEBRL,
    "febrl dataset4a": _FEBRL,
    "febrl dataset4b": _FEBRL,
    "adult": {
        "sex": ("GENDER", _Q),
        "age": ("AGE", _Q),
        "race": ("NRP", _S),
        "marital-status": ("MARITAL_STATUS", _Q),
        "education": ("EDUCATION", _Q),
        "native-country": ("COUNTRY", _Q),
        "workclass": ("OCCUPATION", _Q),
        "occupation": ("OCCUPATION", _Q),
        "salary-class": ("INCOME", _S),
    },
    "hospital": {
        "name": ("PERSON", _D),
        "age": ("AGE", _Q),
        "gender": ("GENDER", _Q),
        "city": ("CITY", _Q),
        "religion": ("NRP", _S),
        "disease": ("HEALTH", _S),
    },
    "students": {
        "Student": ("PERSON_ID", _D),
        "Teacher": ("PERSON", _D),
        "Gender": ("GENDER", _Q),
        "Ethnic": ("NRP", _S),
        "Freeredu": (None, _S),
        "Score": (None, _S),
        "wesson": ("PERSON", _D),
    },
    "chinook Album": {"AlbumId": _KEY_OF_A_THING, "Title": _NOTHING, "ArtistId": _KEY_OF_A_THING},
    "chinook Artist": {"ArtistId": _KEY_OF_A_THING, "Name": _NOTHING},
    "chinook Customer": {
        "CustomerId": ("PERSON_ID", _D),
        "FirstName": ("PERSON", _D),
        "LastName": ("PERSON", _D),
        "Company": ("ORGANIZATION", _Q),
        "Address": ("STREET_ADDRESS", _D),
        "City": ("CITY", _Q),
        "State": ("REGION", _Q),
        "Country": ("COUNTRY", _Q),
        "PostalCode": ("POSTAL_CODE", _Q),
        "Phone": ("PHONE_NUMBER", _D),
        "Fax": ("PHONE_NUMBER", _D),
        "Email": ("EMAIL_ADDRESS", _D),
        "SupportRepId": ("PERSON_ID", _D),
    },
    "chinook Employee": {
        "EmployeeId": ("PERSON_ID", _D),
        "LastName": ("PERSON", _D),
        "FirstName": ("PERSON", _D),
        "Title": ("OCCUPATION", _Q),
        "ReportsTo": ("PERSON_ID", _D),
        "BirthDate": ("DATE_OF_BIRTH", _Q),
        "HireDate": ("DATE_TIME", _Q),
        "Address": ("STREET_ADDRESS", _D),
        "City": ("CITY", _Q),
        "State": ("REGION", _Q),
        "Country": ("COUNTRY", _Q),
        "PostalCode": ("POSTAL_CODE", _Q),
        "Phone": ("PHONE_NUMBER", _D),
        "Fax": ("PHONE_NUMBER", _D),
        "Email": ("EMAIL_ADDRESS", _D),
    },
    "chinook Genre": {"GenreId": _KEY_OF_A_THING, "Name": _NOTHING},
    "chinook Invoice": {
        "InvoiceId": ("RECORD_ID", _D),
        "CustomerId": ("PERSON_ID", _D),
        "InvoiceDate": _EVENT,
        "BillingAddress": ("STREET_ADDRESS", _D),
        "BillingCity": ("CITY", _Q),
        "BillingState": ("REGION", _Q),
        "BillingCountry": ("COUNTRY", _Q),
        "BillingPostalCode": ("POSTAL_CODE", _Q),
        "Total": _NOTHING,
    },
    "chinook InvoiceLine": {
        "InvoiceLineId": ("RECORD_ID", _D),
        "InvoiceId": ("RECORD_ID", _D),
        "TrackId": _KEY_OF_A_THING,
        "UnitPrice": _NOTHING,
        "Quantity": _NOTHING,
    },
    "chinook MediaType": {"MediaTypeId": _KEY_OF_A_THING, "Name": _NOTHING},
    "chinook Playlist": {"PlaylistId": _KEY_OF_A_THING, "Name": _NOTHING},
    "chinook PlaylistTrack": {"PlaylistId": _KEY_OF_A_THING, "TrackId": _KEY_OF_A_THING},
    "chinook Track": {
        "TrackId": _KEY_OF_A_THING,
        "Name": _NOTHING,
        "AlbumId": _KEY_OF_A_THING,
        "MediaTypeId": _KEY_OF_A_THING,
        "GenreId": _KEY_OF_A_THING,
        "Composer": ("PERSON", _D),
        "Milliseconds": _NOTHING,
        "Bytes": _NOTHING,
        "UnitPrice": _NOTHING,
    },
}

#: What decided where people may differ.
WHY: dict[tuple[str, str], str] = {
    ("userdata1", "registration_dttm"): "only the service itself knows the second of a registration",
    ("userdata1", "comments"): "test strings, but a free field that people fill: it may hold anything",
    ("zomato", "Address"): "a restaurant's address, published by the restaurant",
    ("zomato", "Locality"): "a mall or quarter: what a city column holds, finer",
    ("honeypot", "src"): "the source address once more, as a number of 32 bits",
    ("honeypot", "owner"): "empty: nothing to judge by",
    ("honeypot", "comment"): "a free field that people fill",
    ("honeypot", "latitude"): "where a source address is said to be; some hundred places",
    ("titanic", "index"): "one row a passenger: the number is a record-unique token",
    ("titanic", "class"): "the class of a ticket, three or four values; a policy may name it a quasi-identifier",
    ("titanic", "survived"): "whether a person died is what an attacker would learn",
    ("nation (plain)", "comment_col"): "machine-made sentences, but nothing in them says so",
    ("ds_salaries", "experience_level"): "colleagues know it, and it tells of the job",
    ("ds_salaries", "salary_currency"): "17 currencies; less than the residence beside it tells",
    ("ds_salaries", "company_location"): "where the employer is: others know it",
    ("febrl dataset1", "street_number"): "part of an address that other columns complete",
    ("febrl dataset1", "soc_sec_id"): "a social security number without the form of the American one",
    ("adult", "race"): "special category (Art. 9 GDPR); others can see it too",
    ("adult", "native-country"): "a country; the policy decides whether origin is a special category",
    ("hospital", "city"): "the column says city; its few values are states of India",
    ("students", "Student"): "the number of a pupil in a class",
    ("students", "Teacher"): "surnames of teachers, who are persons too",
    ("students", "Freeredu"): "whether lunch is free tells of poverty",
    ("students", "Score"): "the result of a pupil's test is what an attacker would learn",
    ("chinook Artist", "Name"): "names under which groups and soloists publish, most of them of groups",
    ("chinook Track", "Composer"): "names of natural persons, several in a cell; published ones are names too",
    ("chinook Customer", "SupportRepId"): "names an employee, who is a person as well",
    ("chinook Employee", "ReportsTo"): "another employee's number",
    ("chinook Employee", "HireDate"): "a date of the person's life that colleagues know",
    ("chinook Invoice", "InvoiceId"): "one event of one customer: who holds the bill knows whose row it is",
    ("chinook Playlist", "Name"): "kinds of music; nobody's own lists",
}

#: Columns that detection judges otherwise, and why that stays so.
KNOWN_MISSES: dict[tuple[str, str], str] = {
    ("students", "Freeredu"): "an abbreviation that only its author reads, of a choice of two: a steward pins it",
    ("students", "Score"): "a score may be a pupil's, a model's or a film's: a steward pins it",
    ("students", "wesson"): "pairs of teachers' names joined by an underscore, under a name that means nothing",
}
