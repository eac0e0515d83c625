"""Occupations in titles of persons: "Senior Software Engineer"."""

from __future__ import annotations

import polars as pl

from airflow_privacy.core.detect.text.matches import rule, search

# Head nouns of occupations; compounds end in one ("bookkeeper", "dental nurse") or start with it ("Engineer, civil").
_HEADS = """
    Accountant Actor Actress Actuary Administrator Advisor Adviser Agent Analyst Anthropologist Archaeologist Architect Archivist
    Artist Assistant Associate Astronomer Attorney Auctioneer Auditor Baker Barber Barista Barrister Bartender Biologist
    Bookkeeper Broker Builder Butcher Buyer Carer Carpenter Cashier Chairman Chairperson Chairwoman Chef Chemist Chiropractor
    Cleaner Clerk Clinician Coach Commissioner Conductor Conservator Consultant Contractor Controller Cook Coordinator Copywriter
    Counsel Counsellor Counselor Courier Curator Dancer Dealer Dentist Dermatologist Designer Developer Dietitian Director
    Dispatcher Doctor Driver Ecologist Economist Editor Electrician Embryologist Engineer Entrepreneur Estimator Executive Farmer
    Firefighter Fisherman Forester Founder Gardener Geneticist Geographer Geologist Geophysicist Hairdresser Herbalist Historian
    Housekeeper Hydrologist Illustrator Immunologist Inspector Instructor Interpreter Investigator Jeweller Jeweler Joiner
    Journalist Judge Laborer Labourer Lawyer Lecturer Lexicographer Librarian Locksmith Lobbyist Machinist Manager Manufacturer
    Mathematician Mechanic Merchandiser Metallurgist Meteorologist Microbiologist Midwife Mediator Musician Musicologist Nanny
    Neurologist Nurse Nutritionist Oceanographer Oncologist Operator Optician Optometrist Orthoptist Osteopath Painter Paralegal
    Paramedic Pathologist Pediatrician Pharmacist Pharmacologist Photographer Physician Physicist Physiologist Physiotherapist
    Pilot Planner Plumber Podiatrist Politician Porter Practitioner President Principal Printer Producer Professor Programmer
    Psychiatrist Psychologist Psychotherapist Publican Publisher Purchaser Radiographer Radiologist Ranger Realtor Receptionist
    Recruiter Representative Researcher Retailer Roofer Sailor Salesman Salesperson Saleswoman Scientist Sculptor Secretary
    Seismologist Singer Sociologist Solicitor Specialist Statistician Steward Stewardess Stylist Supervisor Surgeon Surveyor
    Tailor Teacher Technician Technologist Telemarketer Tester Therapist Toxicologist Trader Trainer Translator Treasurer Tutor
    Underwriter Vet Veterinarian Waiter Waitress Welder Worker Writer Zoologist Officer Policeman Policewoman Soldier Owner
"""
_HEAD = rf"(?:{'|'.join(sorted(_HEADS.split(), key=lambda word: (-len(word), word)))})"
_WORD = r"\p{Lu}[\p{L}/&-]*"
_RULES = (
    rule(
        "OCCUPATION",
        "occupation",
        0.5,
        gate=rf"{_HEAD}",
        pattern=rf"(?<![\w-])(?:{_WORD}[ ]){{1,4}}{_HEAD}\b(?:[ ](?:of|for)[ ]{_WORD}(?:[ ]{_WORD}){{0,2}})?",
    ),
    rule(
        "OCCUPATION",
        "occupation-line",
        0.5,
        gate=rf"(?i)(?:^|\n)[^\n]{{0,40}}{_HEAD}[^\n]{{0,40}}(?:\n|$)",
        pattern=rf"(?i)(?<=\n|\A)[^\w\n]*"
        rf"(?P<it>(?:[\p{{L}}/&-]+,?[ ]){{0,4}}{_HEAD}\b(?:,?[ ][\p{{L}}/()&-]+){{0,4}})[^\w\n]*(?=\n)",
    ),
    rule(
        "OCCUPATION",
        "occupation-said",
        0.5,
        gate=rf"(?i)\b(?:as|is|was|am|become|becoming|'m)\s+an?\s[^\n]{{0,40}}{_HEAD}",
        pattern=rf"(?i)\b(?:works?|worked|working|employed|job|is|was|am|i'm|become|becoming)[ ](?:as[ ])?an?[ ]"
        rf"(?P<it>(?:[\p{{L}}-]+[ ]){{0,2}}{_HEAD})\b",
    ),
)


def find_occupations(texts: pl.Series) -> pl.DataFrame:
    """``OCCUPATION``: capitalised English titles of two or more words that end in a known noun, alone on a line in any case, or
    said of somebody ("works as a nurse").

    Not found: other languages, nouns that are not listed, a single capitalised word within a line.
    """
    return search(texts, _RULES)
