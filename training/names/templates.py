"""Sentences with places for names, in the registers that columns of text have: ours, made for training.

{P} person as people write them, {F} first name, {L} last name, {TP} title and person; {C} town, {K} country, {S} state, {LOC} any place,
{STREET} street, {ADDR} address; {O} organisation; {N} people or faith; {X} a capitalised thing that is no name of these kinds (product,
film, brand-like phrase), {D} date or day, {T} time, {NUM} number, {AT} handle, {TAG} hashtag, {URL} address, {MAIL} mail address, {EMO}
emoji; {w} common word, {adj} longer common word, {Ws} two to five common words.
"""

FORMAL = """
{P} was appointed head of {w} at {O} on {D}.
{TP} told reporters in {C} that the {w} would be {adj}.
The {N} minister {P} met {P} of {K} on {D}.
According to {P}, a spokesman for {O}, the {w} was {adj}.
{O} said on {D} that {P} will leave the company.
{P}, {NUM}, of {C}, was found {adj} after the {w}.
{P} and {P} were married in {C}, {S}.
The court heard that {P} had moved from {C} to {C} in {NUM}.
In {NUM}, {P} founded {O} in {C}.
{O} is based in {C}, {K}.
{O} opened a new {w} on {STREET} in {C}.
Professor {L} of {O} published the {w} in {X}.
Her book, {X}, was reviewed by {P} in {O}.
The film {X}, directed by {P}, stars {P} and {P}.
{L} scored twice as {O} beat {O} {NUM} - {NUM} at {LOC}.
{L} said: "We are {adj} with the {w}."
"{Ws}," said {P}, who lives in {C}.
Mr {L} declined to comment. Mrs {L} did not.
{K} and {K} signed the {w} in {C} on {D}.
The {N} government sent {w} to {K}.
Many {N} families live near {LOC}.
Police in {C} arrested {P} on {D}.
President {L} visited {LOC} with Senator {L}.
Dr. {L} was born in {C} in {NUM} to {N} parents.
Sir {P} and Lady {L} attended.
The {w} of {C} is {adj} and the {w} is {Ws}.
The report by {O} covers {D} to {D}.
{P} ({O}) and {P} ({O}) contributed to this {w}.
Contributors: {P}, {P}, {P} and {P}.
Written by {P}. Edited by {P}. Photo: {P}/{O}
By {P}, {O}
{P} - {w} manager - {O}
Judge {L} sentenced {P} to {NUM} years.
{P}'s brother {F} works for {O}.
The {X} festival takes place in {C} every {w}.
The University published its {w} in {D}.
It was a {adj} {w}, and {Ws}.
The committee discussed the {w}, the {w} and the {adj} {w}.
Parliament voted on the Bill on {D}.
In the {w} of {NUM}, {K} had {NUM} million people.
The {K} national team lost to {K} in {C}.
From {C} to {C} it takes {NUM} hours by {w}.
The river runs through {C} and {C} before it reaches {LOC}.
{Ws}. However, {Ws}. Therefore the {w} was {adj}.
This Agreement is made between {O} and {P} ("Client").
The Company shall deliver the {w} to {P} by {D}.
Chapter {NUM}: The {X}
Section {NUM} of the Act applies to {N} citizens.
Chief executive {P} joined from {O} in {NUM}.
{P}, who studied at {O}, is the son of {P}.
{O}'s {w} rose by {NUM} percent after {O} announced its {w}.
{N} police said {P} had been seen in {C}.
Coach {L} praised {F} {L} and goalkeeper {L} after the match against {O}.
{P} (born {D} in {C}) is a {N} {w}.
{P} (born {D}) is an American singer, actress and {w}.
The band {O} consists of {F}, {F} and {F}.
Queen {F} and Prince {F} of {K} arrived in {C}.
{P} won the {X} Award for {X}.
The novel was translated by {P} and published by {O}.
"""

NOTES = """
Patient {P}, {NUM} y/o, seen on {D} for {w}.
Pt {L} reports {adj} {w} since {D}. Dr {L} informed.
Called {P} at {NUM}, left message with {F}.
Spoke to {F} about the {w}, will call back {D}.
Customer {P} ({MAIL}) wants a refund for {X}.
Client: {P}
Name: {P}
name: {P}, phone: {NUM}
Full name: {P} DOB: {D}
First name: {F} Last name: {L}
{O} wants to hire a {w}, apply at {URL}
Has anyone worked with {O} before?
What are the opening hours of {O}?
I bought my {w} from {O} and it was {adj}.
My employer is {O}, my {w} is {adj}.
She left {O} to join {O} as a {w}.
{O} acquired {O} for ${NUM} million.
{P} is the CEO of {O}, {P} founded {O}.
{P} from {O} called about the {w}.
{O}: {adj} {w} since {NUM}
The best {w} in {C} is {O}, near {STREET}.
We are {O}, {Ws}.
Welcome to {O}!
The contract with {O} ends on {D}.
Please send the goods to {O}, {ADDR}.
My new address is {ADDR}
Where is {ADDR}?
{ADDR}
{P}
{P}\n{ADDR}
{P}\n{O}\n{ADDR}\nPhone: {NUM}
{P} {ADDR} {MAIL}
She speaks {N} and a little {N}.
He is a {N} citizen from {C}.
{N} people are {adj}; my wife is {N}.
Surname: {L}, Given name: {F}
Contact: {P}, {ADDR}
Address: {ADDR}
Ship to {P}, {ADDR}
Deliver to {ADDR} before {T}.
Attn: {P}, {O}, {ADDR}
Employee {P} ({O}) was absent on {D}.
Employer: {O}
Company: {O} City: {C} Country: {K}
Birthplace: {C}, {K}. Nationality: {N}
Ticket {NUM}: {F} cannot log in to {X}.
Assigned to {P}; reviewed by {P}.
Escalated by {F} {L} to {O} on {D}.
Meeting with {F}, {F} and {P} moved to {D}.
Attendees: {F}, {F}, {L}, {P}
Agenda: {Ws}, {w}, {X}
My name is {P} and I live at {ADDR}.
My name is {F}.
I'm {F}, I work for {O}.
This is {P} from {O}.
Hi, this is {F} calling about the {w}.
Mother's maiden name is {L}.
Emergency contact: {P} (wife), {NUM}
Next of kin: {P}, {NUM}
Referred by Dr. {P}, {O}.
Nurse {L} gave {w} at {T}.
Tenant {P} at {STREET} complains about the {w}.
Driver {L} arrived in {C} at {T}.
Account holder: {P}
Pay to {P} the sum of {NUM}
Invoice {NUM} from {O} dated {D}
Interviewed {F} for the {w} position, {adj} candidate.
{F} says the {w} is {adj}.
{F} is on leave until {D}, ask {F} instead.
{P} called. {Ws}.
Status: Open Priority: High Owner: {F}
Subject: {X}
Note: {Ws}
TODO: {Ws}
Order {NUM} delayed. Reason: {Ws}.
Error: {X} not found, {Ws}
Product: {X} Color: Red Size: Large
Visit to {C} planned for {D}
Sent to the {C} office, {STREET}.
Lives in {C} with her husband {F} and {NUM} children.
Works as a {w} at {O}, {C}.
Passport issued in {K}
Can you send the {w} to {P}, {ADDR}?
The {w} on my card ({P}) is {adj}.
The account is under the name {P}.
Please contact {P} at {MAIL} or visit {O}.
Our {w} is at {ADDR}
{P} lives at {ADDR}
{F}'s {w} and {F}'s {w} were {adj}
{L} v. {L}, {NUM}
RE: {P} / {O}
cc: {F} {L}, {F} {L}
"""

LETTERS = """
Dear {F},
Dear Mr. {L},
Dear Ms {L}, {Ws}.
Dear Sir or Madam,
Dear Customer Service,
Hi {F}, thanks for the {w}.
Hello {F} and {F},
Hey {F}, are you still in {C}?
Good morning {F}, {Ws}.
Thanks, {F}
Thanks {F}! Best, {F}
Best regards, {P}
Kind regards, {P}, {O}
Yours sincerely, {P}
Cheers, {F}
Love, {F}
Sincerely yours, {TP}
Say hello to {F} from me.
Please give my regards to {F} and the kids.
{F}, could you check the {w}?
As {F} said, {Ws}.
Looking forward to {w}.
I spoke with {F} yesterday about {X}.
I have met {P} in {C} and we {Ws}.
Would you please forward this to {P}?
You can reach {F} at {MAIL}.
Please ask {F} to call me. I will be in {C} until {D}.
Could we meet {D} at {T}? {F} will join.
Tell {F} I said hi
{F}: did you see {F}?
{F}: yes, {F} was with {F}
{F} - {Ws}
Happy Birthday {F}!
Congratulations to {P} on the {w}!
Merry Christmas from {F}, {F} and {F}
"""

CHAT = """
omg {F} is so {adj}
i love {P} so much {EMO}
I miss {F} {EMO}
just saw {P} at {LOC}!!
just met {P} omg
{P} is the best {w} ever
{P} looks {adj} tonight
{F} , you are {adj}
{P} >> > {P}
{P} on {X} tonight !
watching {X} with {F}
Watching {X} and {Ws}
now playing: {X} by {P}
Listening to {P} - {X}
new {P} song is {adj}
RT {AT} : {P} {Ws}
RT {AT}: {Ws}
RT {AT} {Ws} {URL}
{AT} {F} told me {Ws}
{AT} lol {Ws}
{AT} {AT} did you see {F} 's {w} ?
{AT} I don't know, ask {F}
{AT} happy birthday {F} !
{AT} thanks {F} {EMO}
{AT} yeah {Ws}
{AT} I love {X}
{AT} where in {C} are you ?
{TAG} {TAG} {Ws}
{TAG} {P}
{TAG} {F} {Ws}
{Ws} {TAG}
{Ws} {TAG} {URL}
{Ws} lol
I {Ws} {EMO}
So I {Ws} and then {Ws} ...
Good morning {C} !
Good night everyone {EMO}
Goodnight {F} {EMO}
Good Morning Everyone !
Happy Friday !
Thank God it's Friday
Happy New Year {TAG}
It's {adj} in {C} today
Off to {LOC} with {F} and {F}
Heading to {LOC} for the {w}
in {C} with {F}
I'm at {X} in {C} w/ {AT} {URL}
I'm at {LOC} ( {C} , {S} ) {URL}
Who is going to {LOC} tonight ?
anyone in {C} know {Ws}
{O} sucks
{O} is down again {EMO}
I hate {O}
bought a new {X} at {O} today
My {X} is broken :(
the {X} is so {adj}
{O} : {Ws} {URL}
{O} beat {O} {NUM}-{NUM}
{L} scores ! {O} {NUM} {O} {NUM}
Great goal by {L}
{L} needs to be fired
{L} to {L} , touchdown !
What a game by {P}
{L} is playing for {O} tonight
Go {O} !!!
LETS GO {O}
Let's go {O} !
Obviously {L} {Ws}
Vote for {P} {TAG}
{P} for president
President {L} {Ws}
{L} lied again {TAG}
{L} and {L} {Ws}
{L} 's {w} is {adj}
RIP {P} {EMO}
R.I.P {P}
rest in peace {P}
{P} died ?
Did {P} really {w} ?
Who is {P} ?
is {P} still alive
why is {F} like this
when {F} {Ws}
my friend {F} {Ws}
my sister {F} and i {Ws}
my boyfriend {F} is {adj}
my cousin {F} {Ws}
shoutout to {F} for {Ws}
Shout out to {P} for the {w}
thank you {P} {EMO}
thx {F} !
follow {AT} for {Ws}
Check out {X} {URL}
Check it out : {URL}
Photo : {X} {URL}
Photo : {P} {URL}
Video : {P} talks about {w} {URL}
New blog post : {X} {URL}
{X} {URL}
{X} - {URL}
Breaking : {P} arrested in {C}
BREAKING : {K} {Ws}
{P} : ' {Ws} ' {URL}
{P} says {Ws} {URL}
{P} to {w} in {C} {URL}
{C} {w} {w} {URL}
{N} food is {adj}
the {N} guy {Ws}
is anyone else {Ws} ?
I have school on {D} {EMO}
Wish I was in {C}
see you {D} {F}
see u in {C} {D}
going to see {X} with {F} on {D}
{X} was {adj} , {P} was {adj}
{P} in {X} {EMO}
{P} as {F} in {X}
Season {NUM} of {X} {Ws}
{F} from {X} is {adj}
Team {F} {EMO}
{P} ft . {P} - {X}
{P} ft {P}
{P} & {P} {EMO}
{P} / {P}
{P} vs {P} tonight {T}
{P} vs. {P}
{P}
{F}
{F} !
{F} ?
{F} {EMO}
{X}
{C}
{Ws}
{Ws} !
{Ws} ?
OMG {Ws}
LOL {Ws}
ugh {Ws}
So {adj} !!!
Yes !! {Ws}
No , {Ws}
Oh my god {Ws}
Oh God , {Ws}
I'm so {adj} right now
I Love You {F}
I Need A {w}
Can I Have {Ws}
Why do people {Ws}
Does anyone have a {w} ?
if you {Ws} you {Ws}
Today is {adj} . Tomorrow {Ws} .
Monday {w} , Tuesday {w}
Ok so {Ws}
"""

# Headline case or all capitals are made from any of them.
ALL = {"formal": FORMAL, "notes": NOTES, "letters": LETTERS, "chat": CHAT}


def templates() -> dict[str, list[str]]:
    """Registers and their sentences."""
    return {register: [line for line in text.strip().splitlines() if line] for register, text in ALL.items()}
