"""Write the Word, Excel and PDF documents of the sample collection.

Run from the repository root:

    python data/make_samples.py

It needs reportlab, python-docx and openpyxl, which the app itself does not all need:

    pip install reportlab python-docx openpyxl

The files go to data/samples/, beside the Markdown, text, HTML and CSV documents, which are plain
files and are edited by hand. Running it twice gives the same bytes: the documents carry a fixed
date and the archives inside .docx and .xlsx are repacked with a fixed time stamp.

The texts below use a small markup: "# " and "## " for headings, "- " for bullets, "| a | b |" for
the rows of a table (the first is the header), and blank lines between paragraphs.
"""

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from xml.sax.saxutils import escape

from docx import Document
from docx.shared import Pt
from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.xml.constants import ARC_CORE
from openpyxl.xml.functions import tostring
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

SAMPLES = Path(__file__).parent / "samples"
STAMP = datetime(2025, 4, 2, 9, 0, 0)
ORGANISATION = "Tern Creek Community Boatyard"
TEXT_WIDTH = A4[0] - 48 * mm - 12  # reportlab pads its frame by six points on each side
INK = colors.HexColor("#1d3f52")

HOIST_MANUAL = """
# The Travelling Hoist "Agnes"

Operator's manual. Third edition, June 2022. Compiled by Callum Reyes and Tomasz Wieczorek.

## 1. About this manual

This manual is for the three hoist operators and for the banksmen who work with them. It replaces
the maker's handbook, which is written for a different undercarriage and is kept in the office for
reference only. A copy stays in the cab. If this manual and a notice on the hoist board disagree,
the notice wins, because the board is where the committee posts temporary limits.

The hoist is a four-legged, self-propelled gantry with two slings. It straddles the hoist dock on
two timber runways, picks a boat out of the water and carries it to the hard standing. The yard
bought it second-hand in 2013 for £31,500, most of it lent by members, and named it after Agnes
Pascoe. It has lifted boats from a half-tonne dinghy to a loaded pilot cutter, and it has never
dropped one. That record is owed to dull habits, and this manual is a list of them.

## 2. Particulars

| Item | Value |
| Maker and model | Lomax-Thorne TH-12 |
| Serial number | LT-0871 |
| Year built | 1998 |
| Rated capacity | 12,000 kg |
| Greatest beam between the legs | 4.6 m |
| Clear height under the top beam | 6.2 m |
| Own weight | 9,850 kg |
| Engine | four-cylinder diesel, 36 kW |
| Fuel tank | 70 litres |
| Hydraulic oil | grade 46, 160 litres |
| Working pressure | 185 bar |
| Tyre pressure | 7.5 bar |
| Hoisting speed, loaded | 2.4 m a minute |
| Travelling speed, loaded | 18 m a minute |
| Travelling speed, empty | 32 m a minute |

The rated capacity is the weight of the boat with everything in her, hung evenly from both slings.
Neither sling may carry more than 6,500 kg, and the load display shows them separately. Owners
nearly always guess low. Add 15 per cent to the figure in the sales brochure, and ask whether the
water and fuel tanks are full.

## 3. Before the first lift of the day

Allow twenty minutes. In frost, or whenever the air is below 5 °C, run the engine at a fast idle
for eight minutes before touching a lever, since cold oil makes the hoist winches jerk.

- Walk round both runways. Look for loose spikes, ice, ropes and children.
- Check engine oil, coolant, fuel and the hydraulic sight glass. The oil must stand between the
two red marks with the slings lowered.
- Look at every tyre. A tyre that is more than one bar low is pumped up before anything else.
- Run the slings through your gloved hands from end to end.
- Press each of the four emergency stops in turn. The engine must die within two seconds.
- Test the remote at the gate, which is about 55 metres off. Its range is given as 60 metres, and
a shorter range means that the battery is tired. A full charge lasts eleven hours.
- Read the anemometer and write the wind, the tide and your name in the logbook.

## 4. When not to lift

Do not lift when the mean wind is over 22 knots, or when any gust in the last ten minutes has
passed 28 knots. Do not lift in lightning, in fog so thick that the banksman cannot see both
slings, or by the light of the mast lamps alone. Do not lift with fewer than three people: an
operator, a banksman with a current ticket, and a hand for the lines.

Boats that draw more than 1.4 metres can be floated into the dock only within two hours of high
water. If the tide is lost, leave her alongside and try again on the next one. Never drag a
grounded hull towards the slings.

Nobody stays on board during a lift, and nobody passes underneath. Keep everyone who is not
working at least five metres from the hoist. Young people under 16 stay off the quay altogether.

## 5. Slings

There are two polyester slings, each 150 mm wide and 8 metres long, with a safe working load of 8
tonnes. The spare pair hangs in the Tool Store behind the door. Each sling has a number sewn into
it, and its history is in the logbook.

A sling is retired six years after the date on its label, however good it looks, because sunlight
and salt weaken the thread before they fade the colour. It is retired at once if there is a cut
longer than 5 mm on an edge, any melting, or a broken stitch in the eye. Cut a retired sling in
two so that no thrifty member can bring it home as a tow rope.

Place the slings where the marks on the toe rail show. If there are none, ask the owner for a
drawing and, failing that, put a diver's mirror under her and look. Keep clear of the shaft, the
log impeller and the rudder. Tie the slings together along the waterline on any hull with a
cut-away forefoot, since otherwise the forward one slides off.

## 6. Lifting and carrying

Take the weight slowly and stop when the display shows half a tonne on each sling. Let the
banksman look. Raise the boat until the keel is 300 mm above the water, stop again and wait a full
minute. Water that should drain will drain, and anything that is going to slip will slip while she
can still be lowered to safety. The two sling loads should not differ by more than a quarter.

Travel with the keel as low as the ground allows, never higher than 500 mm. Walk, do not ride. The
operator stands where both slings and the banksman can be seen, which on the eastern runway means
on the landward side. The slope by the wash-down pad is 3 per cent and is the steepest that the
hoist may cross with a load.

Set her down on the keel blocks first and take a tenth of the weight. Fit six props for a boat of
up to nine metres and eight for a longer one, chain opposite props together beneath the hull, and
only then slack the slings. The operator signs the chocking sheet. Owners must not move props,
even to paint beneath a pad; ask for the pad to be shifted, which costs nothing.

## 7. Fault codes

The display in the cab shows a code and sounds a buzzer. Write the code, the time and the load in
the logbook whether or not the fault clears. Then tell the keeper of the logbook, who decides
whether the hoist may be used again.

| Code | Meaning | What to do |
| E03 | Hydraulic oil low | Lower the load, top up, look for a leak |
| E07 | Overload | Lower at once; weigh and think again |
| E11 | Frame tilted more than 3 degrees | Stop; level with the outer jacks |
| E14 | Remote signal lost | Change the battery; use the cab levers |
| E19 | Oil hotter than 82 °C | Idle with no load until below 60 °C |
| E22 | Parking brake pressure low | Chock all four wheels; do not travel |
| E27 | Sling loads uneven | Lower and move the slings |
| E31 | Load cell fault | No lifting until recalibrated |

E07 locks the raising lever but never the lowering lever. There is a key switch that overrides it.
The key was thrown into the river in 2015, with the committee's approval.

## 8. If the engine stops with a boat in the slings

Do not leave her hanging. Set the parking brake, send the banksman to close the quay, and lower by
hand. The hand pump is behind the blue cover on the near leg. Open the two brass valves a quarter
turn, no more, and pump. Fourteen strokes lower the boat by about 10 mm, so a metre takes two
people three-quarters of an hour, turn and turn about. Close the valves before resting.

If a hose bursts, the check valves hold the load. Do not try to tighten anything, keep away from
the spray, which can pierce skin, and spread the sawdust from the bin marked OIL before it reaches
the river. Then telephone the harbour office.

## 9. Maintenance

Hours are those on the engine clock. Work on the hoist is done by an operator, with the ignition
key in the pocket of the person doing it.

| Interval | Work |
| Weekly, on Friday | Run the engine for 15 minutes |
| Every 50 hours | Grease 22 nipples; check wheel nuts at 240 Nm |
| Every 250 hours | Change engine oil (7.5 litres) and fuel filter |
| Every 500 hours or 12 months | Change hydraulic filter; test hose ends |
| Every 1,000 hours | Change hydraulic oil; adjust drive chains |
| Every 6 months | Slings and shackles examined by the insurer's engineer |
| Every 12 months | Whole hoist examined, with a load test at 110 per cent |

The wire ropes were last renewed in March 2021. They are renewed every eight years, or at once
when five broken strands can be counted in any 100 mm. Use only the green rope dressing: black
grease hides broken wires.

## 10. Putting the hoist to bed

Park over the dock with the slings clear of the water, so that weed does not grow in them. Turn
all four wheels to the stops, set the brake and drop the two chocks. Hang the remote on its
charger in the cab, turn off the battery switch under the seat, lock the cab and enter the hours.
In winter leave the fuel tank full, because a half-empty one draws damp. Hang the ignition key on
your own ring, not on a nail.
"""

ANNUAL_REPORT = """
# Annual Report 2024–25

Tern Creek Community Boatyard. For the year ended 31 March 2025. To be laid before the annual
general meeting on 28 June 2025.

## From the chair

At twenty past three on 21 September 2024, Walter Prynne, who is ninety-one, was helped into the
stern of the Lapwing and took the tiller for the first time since 1971. The tide had just turned.
About six hundred people stood on the quay, and I do not think anyone spoke until the oars went
in. If you asked me what the yard is for, I should describe that minute.

The Lapwing was two years' work. Our volunteers put 2,860 hours into her and replaced 31 of her 44
ribs, nine planks, the stem and all the seats. She cost £27,650, of which £14,000 came from the
Inland Craft Memorial Fund in the year before this one, and the rest from 338 separate gifts. She
carried 418 passengers on her first two Sundays. We had guessed at ninety.

It was also a year of patience. The hoist has worked below its rated capacity since February 2024,
and eleven boats that we used to lift have wintered elsewhere. The repair is now paid for and has
a date. Meanwhile membership has passed four hundred for the first time, and the accounts are back
in surplus after two years of small losses.

I shall not be standing again. Eight years is long enough for any one person to be allowed to
choose the biscuits. My thanks go to the staff, the committee, and everybody who has ever stayed
behind to sweep.

Idris Penhale

## Members and volunteers

We ended the year with 412 memberships, against 387 a year before. Most of the growth was in
concessions, which we put down to the leaflet that Leonie Abara left in the college refectory at
Brackwater. Associates fell slightly as several of them learned to use a chisel and changed kind.

| Kind of membership | 31 March 2024 | 31 March 2025 |
| Full | 162 | 171 |
| Household | 78 | 83 |
| Concession | 70 | 79 |
| Youth | 29 | 34 |
| Associate | 48 | 45 |
| Total | 387 | 412 |

Volunteers gave 11,340 hours, an average of almost 28 for each membership. The hours are very
unevenly spread: forty people gave more than half of them. The committee would like next year to
find simpler jobs for those who can manage only an hour or two, and has asked each steward to draw
up a list. Seventy-four members chose to pay instead of working, which raised £5,120 and bought
the new bandmill blade and the pontoon ladder.

## Lifting and storage

The hoist made 214 lifts, up from 198. The heaviest was the pilot cutter Hesper at 10.2 tonnes,
which took three attempts on account of the wind. Every one of the 46 spaces on the hard standing
was let from November to March, with 17 boats on the waiting list.

The present limit follows the discovery of rot beneath the eastern runway. The committee has
accepted a price of £38,400 for the repair. The Orle Estuary Fund is giving £25,000 and paid the
first half in February. Anyone who wondered why we kept money back in better years has the answer
here.

## The hire fleet

There were 1,968 hires, 226 more than in the year before. A dry September and the new online diary
both helped. Dabchick went out 203 times and was the busiest boat for the fourth year running,
while Knot, our only cold-moulded dinghy, went out on 19 occasions and deserves better. We
cancelled 141 hires for wind and 12 for fog.

The safety boat was called to 26 incidents. Most were groundings on the saltings. Four were tows
of visiting boats with engine trouble, and one was a spaniel. Nobody was hurt. The two canoes that
collided with the pontoon in August have led us to fit a rubber nosing along its whole length, at
a cost of £870.

## Tool Store and workshop

The Tool Store made 3,406 loans, and on an average day 61 items were out. The most borrowed item
was the cordless multi-tool. Losses fell to seven items from nineteen, thanks to reminders by text
message. Desmond Quill and his helpers sharpened 1,275 edges.

Bench bookings reached 88 per cent of the hours available on Saturdays but only 41 per cent on
Wednesdays. The steam box was fired on 97 days. Twenty-nine projects passed through Shed 2, and
the average stay was just under seven weeks.

## Young people and training

The Saturday Shipwrights built their sixth punt, Topshell, and launched her on 15 June 2024.
Sixteen young people took part and fourteen finished the year. Two former Shipwrights have begun
apprenticeships elsewhere on the coast. Our own apprentice, Jonah Pell, passed his first year with
distinction and won the college prize for lofting.

Eleven courses were given to 83 students, and 91 per cent of the places were filled. The diesel
course had twice as many applicants as seats, so Callum Reyes has kindly agreed to make it a
little larger.

## Safety

There were 17 entries in the accident book, against 23 in the year before. One was serious. On 3
August 2024 a member broke her wrist when an untied ladder slid along the side of a boat on the
hard standing. She has recovered and is rowing again. The safety policy was rewritten in October
as a result, and 35 ladder ties were bought and hung where they are needed.

## Energy and the creek

The solar panels on the roof of Shed 1 were switched on in June 2024. There are 42 panels, rated
at 18 kilowatts together, and in ten months they made 13,900 units of electricity. We bought
24,300 units from the grid, compared with 33,800 in the previous year, and sold 4,150. At present
prices the panels will have paid for themselves in a little under seven years.

The Harbour Trust's sampling shows copper in the creek mud down by 38 per cent since 2022, when
copper antifouling was last permitted. A pair of kingfishers nested in the bank below the Paint
Shed and raised five young.

## Income and spending

| Income | 2023–24 (£) | 2024–25 (£) |
| Memberships | 26,730 | 29,148 |
| Lifting and storage | 38,215 | 41,870 |
| Boat hire | 31,980 | 36,425 |
| Workshop and benches | 17,405 | 18,960 |
| Courses | 12,870 | 15,240 |
| Grants | 14,000 | 22,500 |
| Gifts and legacies | 9,240 | 7,615 |
| Chandlery cupboard | 3,960 | 4,382 |
| Total income | 154,400 | 176,140 |

| Spending | 2023–24 (£) | 2024–25 (£) |
| Wages and pensions | 79,120 | 88,340 |
| Rent of the site | 9,600 | 9,600 |
| Insurance | 10,640 | 11,275 |
| Energy and water | 9,870 | 8,930 |
| Materials and tools | 15,230 | 17,460 |
| Upkeep of boats and hoist | 16,480 | 19,215 |
| Training and courses | 4,720 | 5,380 |
| Office and software | 3,890 | 4,105 |
| Depreciation | 6,500 | 6,900 |
| Total spending | 156,050 | 171,205 |

The surplus for the year was £4,935, compared with a loss of £1,650 in 2023–24. Grants received
were £12,500 from the Orle Estuary Fund, £6,000 from the Hollin Bequest and £4,000 from Skelby
Town Council towards the solar panels. Without the grant for the quay, which is not ours to spend
on anything else, there would have been a loss of £7,565, and members should bear this in mind
before they call it a good year.

Reserves stood at £52,310 on 31 March 2025. It is the society's policy to hold three months'
running costs, at present about £42,800. Paying our share of the quay repair will take us below
that figure for some eighteen months. The accounts were examined by Ruth Castleton of Brackwater,
who had no matters to report.

## The year ahead

- Repair the quay in October and November and bring the hoist back to its full capacity.
- Run the Sunday ferry for a whole season and train two more skippers, making six.
- Rebuild the skiff Bittern with a new stem of Cordle oak.
- Begin talks with the Harbour Trust on a longer lease, without which the larger grant-givers will
not consider us for new sheds.
- Find a new chair.
"""

SAFETY_POLICY = """
# Safety Policy

Version 7, adopted by the committee on 8 October 2024. To be reviewed in October 2025.

## 1. What we promise and what we ask

A boatyard has sharp edges, deep mud, heavy weights and poisonous liquids, and we invite beginners
into it. We can do that honestly only if everyone looks out for the least experienced person in
the shed. The committee is responsible for this policy. Callum Reyes, the safety officer, sees
that it is carried out and may stop any job at any time without giving a reason. He reports to the
committee each quarter.

This version takes account of the fall from a ladder on 3 August 2024. The chief changes are in
section 5.

## 2. Tasks, hazards and tickets

| Task | Main hazard | Control | Ticket |
| Bench work with hand tools | Cuts | Induction; tools kept sharp | Green |
| Planer-thicknesser | Noise of 97 decibels; kickback | Ear defenders; stand to one side | Red |
| Bandsaw | Noise of 88 decibels; fingers | Guard within 10 mm of the work | Red |
| Table saw | Kickback | Riving knife always fitted | Red |
| Mixing epoxy | Sensitised skin | Long gloves; extractor fan | Blue |
| Spraying two-pack paint | Breathing isocyanates | Air-fed hood; booth only | Blue |
| Steam box | Scalds | Gauntlets; two people at the door | Green |
| Guiding the hoist | Crushing | Hand signals; five-metre zone | Yellow |
| Grinding and welding | Fire | Hot-work permit; fire watch | Permit |

Ear defenders are compulsory above 85 decibels, a level that is passed whenever any two machines
run together. The dust extractor is switched on before a machine and runs for five minutes after
it stops.

## 3. Working alone

Nobody uses a machine, the steam box or the spray booth unless a second person is in the same
building and knows of it. Hand work alone is allowed to keyholders. They sign the board by the
gate with the hour at which they expect to leave. If the name is still there 45 minutes past that
hour, whoever holds the duty telephone will ring, and then come.

## 4. Fire

The assembly point is the flagpole on Staithe Lane, not the car park, as the fire engine needs the
car park. Extinguishers are marked on the plan in every building. Use one only if your way out is
behind you and the fire is smaller than a waste-paper bin.

- Hot work needs a permit signed the same day by the yard manager or the safety officer.
- A fire watch is kept for 60 minutes after the last spark.
- Oily rags go into the steel bin under water, as the coatings guide explains.
- Lithium batteries are charged on the slate shelf in Shed 1 and only while somebody is in the
shed.
- There is a drill in April and another in September. In September 2024 the site was cleared in 2
minutes and 50 seconds; the aim is three minutes.

## 5. Ladders and work at height

Every ladder against a boat ashore is tied at the top before anyone else goes up it. The person
who puts it up holds the foot for the person who ties it. Ties of orange webbing hang on each
cradle. Ladders are inspected on the first of February, May, August and November, and one without
a dated tag is not used. Two people on a ladder is always one too many.

Staging higher than 1.5 metres has a guard rail and toe boards. Working from the top of a ladder
with a power tool in both hands is not allowed; ask for the tower, which the yard lends free of
charge.

## 6. Quay, pontoon and water

Lifejackets are worn on the pontoon by all children and by anyone working there alone. Throw lines
hang at five places along the quay and are tested every spring. The mud at the hoist dock is more
than two metres deep. Do not go in after somebody: throw a line, lay the mud boards from the rack
beside the dock, and telephone.

Children under 16 may not be on the quay during a lift. The limits for wind and for people are in
the hoist manual, and any temporary limit on weight is posted on the hoist board.

## 7. First aid and accidents

First-aid boxes are in Shed 1, Shed 2, the Paint Shed, the Net Loft and the pontoon hut. Eyewash
is at the Paint Shed sink. The defibrillator hangs in a green cabinet outside the Tool Store, and
the ambulance service will give you the code. The first aiders are Ottilie Brandt, Hattie Lowe and
Callum Reyes, and there is always at least one on site when the workshop is open.

Every accident goes into the green book on the day. Anything that needed more than a plaster is
reported to the safety officer within 24 hours, and so is a near miss that made you feel cold
afterwards. Nobody has ever been blamed for writing in the book. In the case of a broken bone or a
night in hospital the secretary informs the insurers within seven days.

## 8. Alcohol, medicines and tiredness

There is no drinking on site until the last tool has been put away. People taking medicine that
causes drowsiness do hand work only. A shift on the machines lasts two hours at most, followed by
a break of twenty minutes, since most of our cut fingers have come late in a long afternoon.

## 9. Clothes and protection

Stout shoes are worn in both sheds. Sandals are sent home. Long hair, cords and scarves are tied
back near machines, and gloves are never worn at the bandsaw or the pillar drill. Safety glasses
are free and lie in the tray by the door; prescription ones can be ordered through the office at
half price.
"""

YOUTH_PROGRAMME = """
# Saturday Shipwrights

Programme and information for families, 2025.

## What it is

Saturday Shipwrights is the yard's boatbuilding crew for young people aged 12 to 17. Each year's
crew builds one boat, from drawing to launching, and the boat then joins the hire fleet and earns
her keep. We meet in Shed 1 on Saturdays in term time, from 10:00 to 13:00. Priya Nair leads the
crew and Ottilie Brandt looks in to answer the questions that nobody else can.

There are 16 places. We keep at least one adult to every four young people, and those who work
with the crew have an enhanced background check, renewed every three years. Hattie Lowe is the
safeguarding officer. Any worry may be taken to her, however small it seems.

## The boat

We build the Orle punt, an eleven-foot flat-bottomed boat used by eel catchers on the river until
the 1930s. She is made from five sheets of 6 millimetre plywood on an oak frame, weighs 54
kilograms, and can be carried by four people of mixed sizes. The lines were taken off the last
surviving original, found under a hen house at Oxmarsh.

| Year | Punt | Colour | Crew |
| 2018 | Winkle | Bottle green | 9 |
| 2019 | Limpet | Cream | 12 |
| 2021 | Periwinkle | Sky blue | 10 |
| 2022 | Cockle | Pillar-box red | 14 |
| 2023 | Whelk | Lilac | 15 |
| 2024 | Topshell | Black and pink | 14 |

No boat was built in 2020. Two of that year's crew came back in 2021, by then too tall for the old
aprons. This year's punt is to be called Razorshell.

## The year's work

| Weeks | Stage | What you learn |
| 1 to 4 | Lofting and moulds | Drawing full size; reading an offset table |
| 5 to 10 | Frames and stems | Sawing to a line; halving joints |
| 11 to 17 | Planking | Bevels; epoxy; clamping |
| 18 to 22 | Fitting out | Thwarts, rowlocks, drilling straight |
| 23 to 26 | Painting | Primer, undercoat and gloss |
| 27 | Launching | Knots, and keeping dry |

The year begins in September. New members can join in the first four weeks, and after that only if
someone leaves, for it is dull to arrive in the middle of planking with nothing to do but hold
things.

## Who may use which tools

- Ages 12 and 13: hand tools, the hand drill and the glue pots, under an adult's eye.
- Ages 14 and 15: as above, with the cordless drill, the palm sander and loading the steam box
together with an adult.
- Ages 16 and 17: as above, with the bandsaw, after passing the red ticket test and only with a
tutor beside them.
- No one under 18 uses the table saw, the planer-thicknesser or the spray booth.

Epoxy is handled only in long gloves, by those whose families have signed the blue form. We use
the slow hardener, as there is less hurry and fewer tears. Mobile telephones go into the biscuit
tin until break, which is at 11:20 and includes a bun.

## What it costs

The crew are youth members of the yard. On top of the yearly membership there is a charge of £3
for each Saturday attended, paid at the end of the half-term, and nothing at all for Saturdays
missed. Aprons, glasses and ear defenders are lent. Five bursaries cover everything, steel-toed
boots included. They are paid for by the Hollin Bequest, and only Priya and Hattie know who holds
one.

## Coming and going

Sign in with the adult at the door. Anyone under 14 is collected by a named grown-up; older ones
may go home by themselves if we hold a letter. If nobody has come by 13:20 we telephone, and we do
not leave until everybody has gone. Young people must be able to swim 50 metres before the boat
trip in June. If you cannot yet, tell us in the autumn, because the town baths give our crew six
free lessons.

Behaviour has rarely been a difficulty. Anybody who fools about with an edge tool sweeps for the
rest of that morning. A second time in the same term means two weeks at home, and a third ends the
year.

## Afterwards

Members of the crew who turn up to at least 20 of the 27 Saturdays receive the junior skipper
badge course free. They may also take their own punt out at no charge on any weekday evening
during the two summers after she is launched. Past crews have gone on to be joiners, a
set-builder, a nurse and a lighthouse engineer, and one now teaches the crew to sharpen.

To apply, write to youth@terncreek.example with the young person's age and one thing they have
made. It does not have to have worked. Letters arriving before 30 June are considered together,
and places are drawn by lot, with one half kept for families who live in Skelby itself.
"""

Row = tuple[str | int | float, ...]

INVENTORY: dict[str, list[Row]] = {
    "Tools for loan": [
        ("Item no.", "Item", "Details", "Number held", "Place", "Loan", "Replacement (£)"),
        ("L101", "Block plane", "low angle, 35 mm iron", 9, "Rack A1", "7 days", 62),
        ("L102", "Jack plane", "14 inch", 6, "Rack A1", "7 days", 78),
        ("L103", "Spokeshave", "flat and round sole", 8, "Rack A2", "7 days", 34),
        ("L104", "Drawknife", "10 inch", 4, "Rack A2", "7 days", 47),
        ("L105", "Slick", "80 mm, for planking", 2, "Rack A3", "yard only", 145),
        ("L106", "Adze", "shipwright's, lipped", 3, "Rack A3", "yard only", 118),
        ("L107", "Caulking mallet", "lignum vitae head", 4, "Rack A4", "7 days", 96),
        ("L108", "Caulking irons", "set of five", 5, "Rack A4", "7 days", 83),
        ("L109", "Rove punches", "set of four", 7, "Drawer B1", "7 days", 22),
        ("L110", "Bevel gauge", "brass, 6 inch", 12, "Drawer B1", "7 days", 19),
        ("L111", "Sash cramp", "1,200 mm", 24, "Bay 2", "7 days", 28),
        ("L112", "G-cramp", "150 mm", 58, "Bay 2", "7 days", 11),
        ("L113", "Cordless drill", "18 volt, two batteries", 6, "Bay 3", "7 days", 132),
        ("L114", "Cordless multi-tool", "18 volt", 5, "Bay 3", "7 days", 124),
        ("L115", "Palm sander", "with hose", 7, "Bay 3", "7 days", 69),
        ("L116", "Long-board sander", "400 mm, by hand", 3, "Bay 3", "7 days", 41),
        ("L117", "Moisture meter", "pin type", 2, "Drawer B4", "7 days", 88),
        ("L118", "Generator", "2.2 kW, petrol", 1, "Bay 6", "7 days", 540),
        ("L119", "Chain hoist", "1 tonne, 3 m drop", 2, "Bay 7", "7 days", 167),
        ("L120", "Respirator, half-mask", "cartridges sold separately", 14, "Bay 8", "7 days", 26),
        ("L121", "Sailmaker's palm", "left and right hand", 10, "Drawer B5", "7 days", 17),
        ("L122", "Sail sewing machine", "zigzag, portable", 1, "Bay 9", "yard only", 685),
    ],
    "Machines": [
        ("Machine no.", "Machine", "Building", "Bought", "Power (kW)", "Ticket", "Next service"),
        ("M1", "Bandsaw, 500 mm wheels", "Shed 1", 2016, 2.2, "Red", "9 September 2025"),
        ("M2", "Planer-thicknesser, 410 mm", "Shed 1", 2019, 3.7, "Red", "16 September 2025"),
        ("M3", "Table saw, 315 mm", "Shed 1", 2021, 3.0, "Red", "23 September 2025"),
        ("M4", "Pillar drill, 16 speeds", "Shed 1", 1987, 0.75, "Red", "4 November 2025"),
        ("M5", "Dust extractor", "Shed 1", 2012, 4.0, "none", "18 April 2025"),
        ("M6", "Steam box and boiler", "Shed 1", 2015, 6.0, "Green", "13 May 2025"),
        ("M7", "Spray booth", "Paint Shed", 2018, 5.5, "Blue", "20 May 2025"),
        ("M8", "Dehumidifier", "Paint Shed", 2022, 0.9, "none", "7 October 2025"),
        ("M9", "Bandmill", "Timber rack", 2017, 11.0, "Red", "27 January 2026"),
    ],
}

INVENTORY_NOTES: list[Row] = [
    ("Topic", "Note"),
    ("Stock check", "Checked on 15 February 2025 by Desmond Quill and five helpers."),
    ("Marking", "Every loan item is branded TCB and carries a brass number tag."),
    ("Batteries", "Charge on the slate shelf in Shed 1 only. Spare 18 volt batteries: 16."),
    ("Value insured", "All contents of the Tool Store are insured for £48,500."),
    ("Oldest item", "A trammel made by Agnes Pascoe's grandfather in 1903. Not for loan."),
]


@dataclass(frozen=True)
class Block:
    """One piece of a text: a heading, a paragraph, a list of bullets or a table."""

    kind: str
    text: str = ""
    items: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def parse(markup: str) -> Iterator[Block]:
    """Split the small markup described at the top into blocks."""
    for part in markup.strip().split("\n\n"):
        lines = part.splitlines()
        if part.startswith("#"):
            marks, text = part.split(" ", 1)
            yield Block(f"h{len(marks)}", text)
        elif part.startswith("- "):
            items = "\n".join(lines).removeprefix("- ").split("\n- ")
            yield Block("bullets", items=tuple(item.replace("\n", " ") for item in items))
        elif part.startswith("|"):
            cells = (line.strip("| ").split("|") for line in lines)
            yield Block("table", rows=tuple(tuple(c.strip() for c in row) for row in cells))
        else:
            yield Block("p", " ".join(lines))


def pdf_styles() -> dict[str, ParagraphStyle]:
    """Return the paragraph styles by the kind of block, with one more for table cells."""
    body = ParagraphStyle("p", fontName="Times-Roman", fontSize=11, leading=15.5, spaceAfter=8)
    heading = ParagraphStyle("h", fontName="Helvetica-Bold", keepWithNext=1, textColor=INK)
    return {
        "p": body,
        "h1": ParagraphStyle("h1", heading, fontSize=24, leading=30, spaceAfter=10),
        "h2": ParagraphStyle("h2", heading, fontSize=14, leading=18, spaceBefore=12, spaceAfter=6),
        "bullets": ParagraphStyle("bullets", parent=body, leftIndent=14, spaceAfter=4),
        "cell": ParagraphStyle("cell", fontName="Helvetica", fontSize=9.5, leading=12.5),
        "head": ParagraphStyle("head", fontName="Helvetica-Bold", fontSize=9.5, leading=12.5),
    }


def pdf_table(block: Block, styles: dict[str, ParagraphStyle]) -> Table:
    """Lay out a table over the whole width, each column in proportion to its longest cell."""
    columns = zip(*block.rows, strict=True)
    longest = [min(max(len(cell) for cell in column), 42) + 4 for column in columns]
    cells = [
        [Paragraph(escape(cell), styles["cell" if number else "head"]) for cell in row]
        for number, row in enumerate(block.rows)
    ]
    table = Table(cells, [TEXT_WIDTH * n / sum(longest) for n in longest], repeatRows=1)
    rules = [
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, colors.HexColor("#9fb1ba")),
        ("BACKGROUND", (0, 0), (-1, 0), colors.HexColor("#e4edf1")),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ]
    table.setStyle(TableStyle(rules))
    return table


def pdf_story(markup: str) -> Iterator[Flowable]:
    """Turn a text into what reportlab sets on pages."""
    styles = pdf_styles()
    for block in parse(markup):
        if block.kind == "table":
            yield pdf_table(block, styles)
            yield Spacer(1, 10)
        elif block.kind == "bullets":
            for item in block.items:
                yield Paragraph(escape(item), styles["bullets"], bulletText="•")
            yield Spacer(1, 4)
        else:
            yield Paragraph(escape(block.text), styles[block.kind])


def draw_footer(canvas: Canvas, document: SimpleDocTemplate) -> None:
    """Draw the running title and the page number."""
    canvas.saveState()
    canvas.setFont("Helvetica", 8.5)
    canvas.setFillColor(colors.HexColor("#55666f"))
    canvas.drawString(24 * mm, 14 * mm, f"{ORGANISATION} · {document.title}")
    canvas.drawRightString(A4[0] - 24 * mm, 14 * mm, f"Page {document.page}")
    canvas.restoreState()


def write_pdf(name: str, title: str, markup: str) -> None:
    """Write one PDF; reportlab's invariant mode fixes its date and identifier."""
    document = SimpleDocTemplate(
        str(SAMPLES / name),
        pagesize=A4,
        leftMargin=24 * mm,
        rightMargin=24 * mm,
        topMargin=22 * mm,
        bottomMargin=24 * mm,
        title=title,
        author=ORGANISATION,
        invariant=1,
    )
    document.build(list(pdf_story(markup)), onFirstPage=draw_footer, onLaterPages=draw_footer)


def write_archive(name: str, data: bytes, changed: dict[str, bytes] | None = None) -> None:
    """Repack an Office file with fixed time stamps, putting in the parts given as changed."""
    with (
        zipfile.ZipFile(BytesIO(data)) as source,
        zipfile.ZipFile(SAMPLES / name, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for entry in source.namelist():
            content = (changed or {}).get(entry) or source.read(entry)
            info = zipfile.ZipInfo(entry, STAMP.timetuple()[:6])
            target.writestr(info, content, zipfile.ZIP_DEFLATED)


def write_docx(name: str, title: str, markup: str) -> None:
    """Write one Word document with real heading, list and table styles."""
    document = Document()
    document.styles["Normal"].font.size = Pt(11)
    properties = document.core_properties
    properties.title, properties.author = title, ORGANISATION
    properties.last_modified_by, properties.comments = ORGANISATION, ""
    properties.created = properties.modified = STAMP
    for block in parse(markup):
        if block.kind == "table":
            table = document.add_table(len(block.rows), len(block.rows[0]), "Light Grid Accent 1")
            for row, texts in zip(table.rows, block.rows, strict=True):
                for cell, text in zip(row.cells, texts, strict=True):
                    cell.text = text
            document.add_paragraph()
        elif block.kind == "bullets":
            for item in block.items:
                document.add_paragraph(item, "List Bullet")
        elif block.kind == "p":
            document.add_paragraph(block.text)
        else:
            document.add_heading(block.text, int(block.kind[1]))
    buffer = BytesIO()
    document.save(buffer)
    write_archive(name, buffer.getvalue())


def write_xlsx(name: str, title: str, sheets: dict[str, list[Row]]) -> None:
    """Write one workbook with a frozen, bold header row on every sheet."""
    book = Workbook()
    book.remove(book.worksheets[0])
    book.properties.title, book.properties.creator = title, ORGANISATION
    for label, rows in sheets.items():
        sheet = book.create_sheet(label)
        for row in rows:
            sheet.append(row)
        for number, column in enumerate(zip(*rows, strict=True), start=1):
            width = max(len(str(value)) for value in column) + 2
            sheet.column_dimensions[get_column_letter(number)].width = width
            sheet.cell(1, number).font = Font(bold=True)
        sheet.freeze_panes = "A2"
    buffer = BytesIO()
    book.save(buffer)
    book.properties.created = book.properties.modified = STAMP  # saving sets the present time
    write_archive(name, buffer.getvalue(), {ARC_CORE: tostring(book.properties.to_tree())})


def main() -> None:
    """Write all five documents."""
    SAMPLES.mkdir(exist_ok=True)
    write_pdf("hoist-manual.pdf", "Hoist manual", HOIST_MANUAL)
    write_pdf("annual-report-2024-25.pdf", "Annual report 2024–25", ANNUAL_REPORT)
    write_docx("safety-policy.docx", "Safety policy", SAFETY_POLICY)
    write_docx("saturday-shipwrights.docx", "Saturday Shipwrights", YOUTH_PROGRAMME)
    sheets = {**INVENTORY, "Notes": INVENTORY_NOTES}
    write_xlsx("tool-store-inventory.xlsx", "Tool Store inventory", sheets)
    print(f"Wrote five documents to {SAMPLES}")


if __name__ == "__main__":
    main()
