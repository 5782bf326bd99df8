# Around every page
site-tagline = The small shops and guest houses of Turkey in one place.
skip-link = Skip to the content
nav-main = Main menu
nav-home = Browse
nav-mine = My orders
nav-panel = Seller panel
nav-law = The rules
nav-admin = Administration
nav-sign-in = Sign in
nav-sign-out = Sign out
nav-language = Language
footer-times = All times are Istanbul time (UTC+3).
footer-law = Every step that matters here passes a rule first and is recorded with its proof.
footer-law-link = Read the rules
link-evidence = Evidence
link-evidence-long = The history and proof of this record
back = Back

# Months and days
month-01 = January
month-02 = February
month-03 = March
month-04 = April
month-05 = May
month-06 = June
month-07 = July
month-08 = August
month-09 = September
month-10 = October
month-11 = November
month-12 = December
weekday-1 = Mon
weekday-2 = Tue
weekday-3 = Wed
weekday-4 = Thu
weekday-5 = Fri
weekday-6 = Sat
weekday-7 = Sun

# Kinds of things
kind-listing = Listing
kind-order = Order
kind-reservation = Booking
kind-payment = Payment
kind-refund = Refund

# States
state-draft = Draft
state-published = On offer
state-paused = Paused
state-archived = Archived
state-pending = Pending
state-paid = Paid
state-cancelled = Cancelled
state-confirmed = Confirmed
state-checked_in = Checked in
state-completed = Completed
state-failed = Failed
state-refund_due = Refund due
state-refunded = Refunded

# Buttons
action-listing-publish = Publish
action-listing-pause = Pause
action-listing-archive = Archive
action-order-cancel = Cancel order
action-order-refund = Refund
action-reservation-confirm = Confirm
action-reservation-check_in = Check in
action-reservation-complete = Complete
action-reservation-cancel = Cancel booking
action-payment-mark_paid = Mark paid
action-payment-cancel = Cancel payment

# Refusals: a title and what to do
refusal-invalid_input = What was sent is not valid
refusal-invalid_input-help = Go back, look through the fields and send it again. Nothing was changed.
refusal-missing_key = The form came without its key
refusal-missing_key-help = Open the page again and send the form from there. Nothing was changed.
refusal-missing_world = There is no such marketplace
refusal-missing_world-help = Go on from the front page.
refusal-invalid_world = There is no such marketplace
refusal-invalid_world-help = Go on from the front page.
refusal-unauthenticated = Sign in first
refusal-unauthenticated-help = This page belongs to an account. You can go on once you have signed in.
refusal-denied = You are not allowed to do this
refusal-denied-help = The rules leave this step to another role. The attempt may have been recorded.
refusal-banned = This account is banned
refusal-banned-help = Nothing can be done with this account. If you think this is a mistake, ask the firm.
refusal-not_found = There is nothing here
refusal-not_found-help = The address may be wrong, or this record is not yours to see.
refusal-stale_revision = This changed meanwhile, look again
refusal-stale_revision-help = Somebody took a step after you opened the page. Look at it as it is now, then decide. Nothing was done.
refusal-in_progress = The same request is still under way
refusal-in_progress-help = Wait a few seconds and load the page again.
refusal-conflict = Something else is in the way
refusal-conflict-help = Nothing was changed. Go back and try another choice.
refusal-world_closed = The marketplace is closed now
refusal-world_closed-help = You can look at your records, but nothing new can be done.
refusal-invalid_transition = Not possible from this state
refusal-invalid_transition-help = The state of this record does not allow this step. Look at it as it is now.
refusal-terminal_state = This is closed for good
refusal-terminal_state-help = What has come to its end cannot be changed any more.
refusal-guard_failed = A condition does not hold
refusal-guard_failed-help = Nothing was changed. See the reason below.
refusal-held = This person may not be erased now
refusal-held-help = A hold for the matter below keeps the records. Lift it first.
refusal-key_reused = This form was sent before with other values
refusal-key_reused-help = What you sent first counts. For a new request open the page again.
refusal-ambiguous_action = This step could mean several things
refusal-ambiguous_action-help = Use one of the buttons of the page.
refusal-world_mismatch = These records do not belong together
refusal-world_mismatch-help = Go on from the front page.
refusal-rate_limited = Too many attempts
refusal-rate_limited-help = Wait a little, then try again.
refusal-unavailable = Not possible right now
refusal-unavailable-help = Try again from the same page in a little while. It will not happen twice.
refusal-internal = Something went wrong
refusal-internal-help = Nothing was changed. If it goes on, tell us the request number.
refusal-reasons = Why
refusal-allowed = What is possible now
refusal-detail = Detail
refusal-code = Code
refusal-request = Request
refusal-look-again = Look at it as it is now
refusal-home = Back to the storefront

# Reasons of refusals, by code
reason-unknown_flow = A listing is either sold or booked.
reason-quantity_too_small = At least one piece has to be chosen.
reason-quantity_too_large = One order holds 100 pieces at most.
reason-party_too_small = There has to be at least one guest.
reason-over_capacity = There are more guests than places.
reason-empty_range = The end has to be after the start.
reason-in_the_past = The chosen time has passed already.
reason-paid_too_early = A new booking cannot be paid for already.
reason-already_paid = It is paid for already.
reason-paid = A booking that is paid for does not expire.
reason-unknown_payable = Only orders and bookings are paid for.
reason-nothing_to_pay = There is no amount to pay.
reason-listing_not_published = The listing is not on offer now.
reason-not_for_sale = This listing is booked, not bought.
reason-not_for_booking = This listing is bought, not booked.
reason-not_payable = There is nothing to pay for any more.
reason-range_too_long = A booking lasts a year at most.
reason-out_of_stock = There are not that many left in stock.
reason-payment_exists = It is being paid for, or is paid.
reason-overlap = Somebody else holds this time.
reason-unknown_method = There is no such payment method.

# The storefront
browse-title = What are you looking for today?
search-text = Search
search-flow = How
search-sort = Order
search-go = Find
search-clear = Clear the search
flow-all = All
flow-sale = To buy
flow-booking = To book
sort-title = By name
sort-newest = Newest first
sort-cheapest = Cheapest first
sort-dearest = Dearest first
categories = Categories
category-all = All categories
category-product = Goods
category-vehicle = Vehicles
category-real_estate = Real estate
category-lodging = Lodging
category-service = Services
category-food = Food
found = { $count ->
    [one] { $count } listing
    *[other] { $count } listings
    }
found-none = Nothing fits your search
found-none-help = Try fewer words or another category.
pages = Pages
page-previous = Previous
page-next = Next
stock-left = { $count } in stock
stock-none = Sold out
places = { $count ->
    [one] { $count } guest at most
    *[other] up to { $count } guests
    }
unit-piece = piece
unit-day = day
unit-hour = hour
hours = { $count ->
    [one] { $count } hour
    *[other] { $count } hours
    }
days = { $count ->
    [one] { $count } day
    *[other] { $count } days
    }

# A listing
crumbs = Where you are
listing-about = About this listing
picture-n = Picture { $number }
fact-firm = Firm
fact-category = Category
fact-capacity = Places
fact-booking = Confirmation
fact-cancellation = Cancellation
fact-quantity = Quantity
fact-ordered = Ordered
fact-from = From
fact-to = To
fact-guests = Guests
fact-duration = Duration
fact-total = Total
fact-number = Number
booking-instant = Confirms itself as soon as it is paid
booking-asked = The owner confirms
cancellation-flexible = Flexible: free until 24 hours before the start
cancellation-moderate = Moderate: free until 5 days before the start
cancellation-strict = Strict: no cancellation by the customer once it is confirmed
calendar-title = Free times
calendar-previous = ← Previous month
calendar-next = Next month →
calendar-hours = Hours on { $day }
slot-free = free
slot-taken = taken
field-day = Day
field-from = First day
field-to = Day of leaving
field-from-hour = From
field-to-hour = Until
buy = Buy
book = Book
sign-in-to-buy = Sign in to buy.
sign-in-to-book = Sign in to book.

# Checkout
checkout-title = One last look
checkout-summary = Summary
checkout-buy = Place the order
checkout-book = Place the booking
checkout-frozen = The price is frozen now; your order stays as it is even if the firm changes it later.
method-title = Payment method
method-online = Online by card (demo)
method-cash_on_delivery = Cash on delivery
method-bank_transfer = Bank transfer
method-help-online = You go to the demo provider's page; no real money moves.
method-help-cash_on_delivery = You pay in person; the owner marks it as paid.
method-help-bank_transfer = The account number is shown on the next page.
transfer-title = Bank transfer
transfer-help = Send the total to { $firm } and write { $number } in the description.
pay = Pay now
pay-go-on = Go on to pay
payments-title = Payments
provider-title = Demo payment provider
provider-help = This page stands for another firm's. No real money moves.
provider-amount = To pay
provider-pay = Pay
provider-decline = Decline

# What a state means to its reader
state-help-order-pending = Waiting for payment. The pieces are held for an hour.
state-help-order-paid = Paid. The firm prepares it.
state-help-order-refund_due = Cancelled; the money that was paid goes back.
state-help-order-refunded = The money went back.
state-help-order-cancelled = Cancelled; the pieces are back in stock.
state-help-reservation-pending = This time is held. If it is not paid for it is free again after fifteen minutes.
state-help-reservation-confirmed = Confirmed. You are expected.
state-help-reservation-checked_in = Checked in.
state-help-reservation-completed = Completed.
state-help-reservation-cancelled = Cancelled; this time is free again.

# One's own things
mine-title = My orders and bookings
mine-none = Nothing here yet
mine-none-help = Everything that you buy or book is shown here.
mine-sign-out-everywhere = Sign out everywhere
mine-sign-out-everywhere-help = Ends your session here and on every other device.
look-around = Look around
tabs = States
tab-all = All
tab-waiting = Waiting
tab-active = Under way
tab-past = Past

# Questions before what cannot be taken back
confirm-reason = Reason
confirm-no = Do not
optional = (optional)
warn-listing-archive = An archived listing is never on offer again.
warn-order-cancel = The order ends. If it is paid, its money is listed for refund.
warn-order-refund = The money counts as given back and the order ends.
warn-reservation-cancel = The booking ends and its time is open to others.
warn-payment-mark_paid = Mark it only when you have the money. It cannot be taken back.
warn-payment-cancel = The request for payment ends; another can be opened.

# Sign-in
sign-in-title = Sign in
sign-in-failed = The e-mail address or the password is wrong.
field-email = E-mail
field-password = Password
field-role = Role
demo-title = Demo accounts
demo-help = They all have the password { $password }
role-super_admin = Super admin
role-owner = Owner
role-staff = Staff
role-customer = Customer
role-provider = Payment provider
role-timer = Timer

# The panel
panel-sections = Sections of the panel
section-overview = Overview
section-listings = Listings
section-orders = Orders
section-reservations = Bookings
section-payments = Payments
section-refunds = Refunds
section-staff = Staff
section-log = Log
firms-none = You work for no firm here
firms-none-help = An owner can add you by your e-mail address.
figure-listings = listings on offer
figure-orders = orders to prepare
figure-bookings = bookings that wait
figure-payments = payments that wait
waiting-title = What waits for you
waiting-none = Nothing waits
things-none = Nothing here yet
listings-none = No listings yet
listing-new = New listing
listing-save-draft = Save as a draft
listing-save = Save the changes
listing-frozen = Orders that were placed keep the price that they agreed to.
action-listing-change = Change
stock-title = Stock
stock-save = Save the stock
field-stock = Pieces in stock
field-title = Title
field-description = Description
field-price = Price (₺)
field-price-help = for example 1.234,50
field-flow = How it is offered
field-capacity = Guests at most
field-unit = By the
field-hours = For how many hours
for-sale = If it is sold
for-booking = If it is booked
payments-none = No payments yet
refunds-none = No money has to go back
refunds-help = Money of what was cancelled, or came late, waits here. Mark it when you have sent it back.
refund-settle = Money was sent back
refund-cancelled = Cancelled
refund-closed = Paid after it was closed
refund-late_payment = Late payment
staff-help = Owners may do everything, staff the daily work. Every change is recorded with its proof.
staff-make = Make { $role }
staff-remove = Remove
staff-add = Add somebody
staff-add-go = Add
column-for = For
column-reference = Reference
column-amount = Amount
column-state = State
column-steps = Steps
column-since = Since
column-name = Name
column-id = Short name
column-who = Who
column-where = Where
column-until = Until
column-ability = Ability
column-mode = Mode

# The super admin's page
world-title = The marketplace
world-help = In a closed marketplace records can be read, but nobody does anything new.
world-open = Open
world-closed = Closed
world-close = Close the marketplace
world-reopen = Open the marketplace
firms-title = Firms
firm-add = New firm
firm-add-go = Add the firm
firm-id-help = small letters, digits, hyphens
bans-title = Bans
bans-none = Nobody is banned
ban-add = Ban somebody
ban-add-go = Ban
ban-end = End the ban
scope-world = The whole marketplace
emergency-title = Break-glass
emergency-help = You take every ability in a firm for a short time. The reason and each step are recorded.
emergency-add = Break the glass
emergency-add-go = Take the abilities
modes-title = Modes of the rules
modes-help = Without a mode the rules are enforced. Shadow only notes and never stops anybody.
mode-set = Set a mode
mode-set-go = Apply the mode
mode-clear = Clear
mode-enforce = Enforce
mode-shadow = Shadow
mode-off = Off
ability-all = all
ability-help = empty for all; for example order.cancel
reason-unknown_account = No account has this address.
reason-cancellation_closed = The time to cancel has passed; ask the firm.
reason-paid_in_person = What is paid in person does not expire.
reason-paid_online = What is paid online is marked by the payment provider.
reason-stock_below_zero = Stock cannot go below zero.
reason-stock_changed = The stock changed meanwhile, look again.
reason-no_refund_due = No money has to go back.
reason-too_many_pictures = A listing has six pictures at most.
reason-picture_exists = The listing has this picture already.
fact-free-until = Free cancellation until
state-help-asked = Paid. It is held until the owner confirms it.
state-help-in-person = The owner marks it when the money is there. Until then it is held for you.
world-sure = I am sure: close it for everybody.

# Evidence and law
evidence-title = Evidence
evidence-lead = Everything that happened here, in order. Each step was written into a log that can only grow; whether it still stands there unchanged was checked just now, while this page was made.
evidence-back = To the record
evidence-log = To the firm's log
evidence-json = For checking elsewhere (JSON)
evidence-proven =
    { $count ->
        [one] One sealed step shown here was checked just now: it stands in the log unchanged.
       *[other] { $count } sealed steps shown here were checked just now: they stand in the log unchanged.
    }
evidence-waiting =
    { $count ->
        [one] One step shown here waits for the next seal, and is proved once it is sealed.
       *[other] { $count } steps shown here wait for the next seal, and are proved once they are sealed.
    }
evidence-failed =
    { $count ->
        [one] One step does not agree with the log!
       *[other] { $count } steps do not agree with the log!
    }
evidence-failed-help = Somebody changed what was stored, past the rules. Keep this page and tell whoever runs the marketplace.
evidence-size = The last seal is over { $size } entries.
evidence-root = Root of the log
evidence-sealed-root = Root under that seal
evidence-machine = Where it stands
evidence-contract = It lives by version { $version } of its contract.
evidence-revision =
    { $count ->
        [one] It has taken one step.
       *[other] It has taken { $count } steps.
    }
evidence-life = Its life
evidence-when = When
evidence-who = Who
evidence-why = Why it was allowed
evidence-proof = The proof
evidence-law = Law
evidence-pinned = Contract
evidence-request = Request
evidence-number = Evidence number
evidence-index = Place in the log
evidence-index-of = { $index } of { $size }, counted from 0
evidence-hash = Hash of the entry
evidence-path = Path to the root
evidence-path-empty = None: it is the only entry.
evidence-leaf = What was hashed
evidence-leaf-withheld = Not shown: it names somebody else. Its hash and path prove its place without it.
evidence-more = Later steps
evidence-roles-note = Other people are shown by their role. Whoever may read the firm's log sees the names.
evidence-you = You
why-role = The rules let the role { $role } do this: { $ability }.
why-role-where = The rules let the role { $role } do this ({ $condition }): { $ability }.
why-mode = The rule was not enforced: the mode was { $mode }.
why-break-glass = The emergency access was in use.
why-earlier-law = An earlier law judged this. The log holds its digest, not its rules.
checked-proven = Proven
checked-leaf_changed = Altered
checked-not_in_tree = Not in the log
checked-waiting = Waiting for its seal
checked-leaf_changed-help = The stored text is not what was hashed when this happened.
checked-not_in_tree-help = The path from this entry does not lead to the root that was sealed.
machine-title = { $kind }: states and moves
machine-now = Now: { $state }
machine-here = it is here now
sort-opened = Opened
sort-adopted = Taken in
sort-transition = Step
sort-timer = Step by the clock
sort-denial = Denied attempt
sort-tenant = Firm registered
sort-world = Marketplace opened or closed
sort-member = Staff changed
sort-ban = Ban list changed
sort-grant = Grant
sort-erasure = An erasure
sort-hold = A hold
sort-break_glass = Emergency access
sort-mode = Mode changed
sort-law = Law in force
sort-contract = Contract in force
sort-record = Note
sort-correction = Correction
actor-user = Somebody
actor-service = A program
actor-job = The clock
actor-webhook = The payment provider
move-open = Open
move-publish = Publish
move-pause = Pause
move-archive = Archive
move-edit = Edit
move-add_picture = Add picture
move-set_stock = Set stock
move-pay = Pay
move-cancel = Cancel
move-expire = Expire
move-refund = Refund
move-confirm = Confirm
move-check_in = Check in
move-complete = Complete
move-mark_paid = Mark paid
move-fail = Fail
move-add_tenant = Register the firm
move-set_member = Choose roles
move-ban = Ban
move-unban = Lift the ban
move-grant = Give a right
move-revoke_grant = Take a right back
move-erase = Erase
move-place = Hold a person
move-lift = Lift a hold
move-break_glass = Take emergency access
move-set_mode = Set the mode
move-set_world = Open or close
log-title = Log
log-lead = Every step, every denied attempt and every change of staff, the latest first. Entries are never changed and never removed.
log-size = Entries
log-any = All
log-sort = What happened
log-kind = To what
log-actor = Who (id)
log-from = From
log-until = To
log-search = Search
log-clear = Clear
log-searched = { $found } found; { $searched } entries looked through.
log-full = More lie further back: go on.
log-empty = Nothing here
log-index = Place
log-what = Details
log-subject = Record
log-more = Go on, further back
law-title = The rules of the marketplace
law-lead = Who may do what, and what may become of an order or a booking. These are not promises beside the program: nothing important happens here without passing exactly these rules.
law-parts = On this page
law-who = Who may do what
law-who-lead = Everybody who signs in is a customer. Owners and staff are that for their own firm only.
law-ability = Ability
law-yes = Yes
law-no = No
law-nobody = nobody
law-may = Who:
law-refused = When it is refused
law-critical = A denied attempt is recorded, too.
law-if-own = own only
law-if-not-draft = unless it is a draft
law-if-settles = together with its payment
law-if-instant = where bookings confirm themselves
law-contract = Contract version { $version }, digest
law-contract-short = version { $version }
law-earlier-contract = Version { $version }: for what was opened under it
law-versions = Versions in force
law-version = Law
law-digest = Digest of the law
law-earlier = Earlier law
law-versions-note = The digest is a fingerprint: change one rule and it is another. Every step in the log carries the fingerprint of the law that judged it.
law-modes = How strictly the rules hold
law-modes-lead = A rule may be watched before it is enforced. You see this for the firms whose log you may read.
law-modes-all = All rules are enforced.
law-divergences =
    { $count ->
        [0] Since the last start nothing went through that the rules would have denied.
        [one] Since the last start one step went through that the rules would have denied.
       *[other] Since the last start { $count } steps went through that the rules would have denied.
    }
law-mode-enforce = Enforced
law-mode-shadow = Only watched
law-mode-off = Switched off
law-role-super_admin = Super admin
law-role-owner = Owner
law-role-staff = Staff
law-role-customer = Customer
law-role-provider = Payment provider
law-role-timer = Clock
law-resource-audit = Log
law-resource-listing = Listings
law-resource-order = Orders
law-resource-panel = Seller panel
law-resource-payment = Payments
law-resource-product = Products
law-resource-refund = Refunds
law-resource-reservation = Bookings
law-resource-stock = Stock
law-resource-world = Whole marketplace
law-resource-hos = The law itself
law-ability-audit-read = Read the firm's log
law-ability-listing-read = See a listing
law-ability-order-create = Order
law-ability-order-read = See an order
law-ability-order-pay = Count an order as paid
law-ability-order-cancel = Cancel an order
law-ability-order-refund = Refund an order
law-ability-order-expire = End an unpaid order
law-ability-panel-read = Open the seller panel
law-ability-payment-create = Begin a payment
law-ability-payment-read = See a payment
law-ability-payment-mark_paid = Say that money came
law-ability-payment-fail = Say that a payment failed
law-ability-payment-cancel = Cancel a payment
law-ability-payment-expire = End an open payment
law-ability-product-write = Write and publish listings
law-ability-product-delete = Archive listings
law-ability-refund-read = See refunds
law-ability-reservation-create = Book
law-ability-reservation-read = See a booking
law-ability-reservation-pay = Count a booking as paid
law-ability-reservation-confirm = Confirm a booking
law-ability-reservation-ops = Check guests in and out
law-ability-reservation-cancel = Cancel a booking
law-ability-reservation-expire = End an unpaid booking
law-ability-stock-manage = Change stock
law-ability-world-read = See the whole marketplace
law-ability-hos-adopt = Take in older records
law-ability-hos-archive = Archive old entries
law-ability-hos-ban = Ban somebody
law-ability-hos-break_glass = Take emergency access
law-ability-hos-epoch = Open a new epoch of a restored log
law-ability-hos-erase = Erase a person
law-ability-hos-grant = Give somebody a right for a time
law-ability-hos-hold = Keep a person from being erased
law-ability-hos-key = Announce a signing key
law-ability-hos-law = Put another law in force
law-ability-hos-member = Choose owners and staff
law-ability-hos-migrate = Move subjects to another version of their contract
law-ability-hos-mode = Watch a rule instead of enforcing it
law-ability-hos-record = Put a note into the log
law-ability-hos-tenant = Register a firm
law-ability-hos-world = Open or close the marketplace
timer-reservation-pending-expire = A booking that nobody pays for ends by itself after { $after }; its time is free again.
timer-order-pending-expire = An order that nobody pays for ends by itself after { $after }; its pieces are back in stock.
timer-payment-pending-expire = A payment that nobody makes ends by itself after { $after }.
timer-any = After { $after } in the state { $state }, the clock does this: { $action }.
span-seconds =
    { $count ->
        [one] one second
       *[other] { $count } seconds
    }
span-minutes =
    { $count ->
        [one] one minute
       *[other] { $count } minutes
    }
span-hours =
    { $count ->
        [one] one hour
       *[other] { $count } hours
    }
span-days =
    { $count ->
        [one] one day
       *[other] { $count } days
    }

# Files of evidence, checkpoints, erasure
file-title = The evidence as a file
file-lead = One file that proves these steps to anybody, without us: to the other party, to an auditor, to a court.
file-sealed = { $sealed } of the { $shown } steps shown here are sealed.
file-states = Recorded: it was written together with what happened. Numbered: it has its place in the log. Sealed: a signed checkpoint is over it; from here on it is proof, and in the file. Anchored: an outsider attested it too.
file-off = Nothing is sealed here: whoever runs the marketplace has given it no key. There is no file yet.
file-waiting = Not sealed yet: the seal follows within a second or so. Load the page again.
file-selection = Steps that name somebody else are not in your file, as they are not shown to you. Whoever audits the firm can give out the whole life.
file-get = Download the evidence
file-get-withheld = Without personal parts
file-check = How to check the file
file-check-policy = You need our key, and you should have it from somewhere else than this page: from a contract, a letter, the other party. Then compare it with this one.
file-policy = Our key (pazar.policy)
file-check-hos = With the command hos:
file-check-python = Or with Python alone, in one file that you can read:
file-check-codes = Exit code 0: it is as it says. 10: nobody you trust signed it. 20: something was erased lawfully, and the file says by which entry. 30 or 40: it is wrong. 50: it is damaged.
part-input = What was said
part-reason = Reason
part-others = Not shown: it is about somebody else.
part-erased = Erased lawfully by entry { $entry } of the log, { $when }.
part-sealed = Locked: the key is not here.
proof-recorded = Recorded
proof-sequenced = Numbered
proof-sealed = Sealed
proof-anchored = Anchored
proof-quarantined = Set aside
checkpoints-title = Checkpoints
checkpoints-all = Checkpoints of the log over all logs
checkpoints-lead = Each checkpoint is a signed promise: so many entries, these and no others. Whether the log only grew between each two of them was checked just now.
checkpoints-all-lead = The log over all logs: each of its entries is a checkpoint of a firm's log. Outsiders attest its checkpoints.
checkpoints-origin = Log
checkpoints-keys = Keys that sign
checkpoints-no-key = None: nothing is sealed.
checkpoints-good =
    { $count ->
        [one] The checkpoint shown here was checked just now.
       *[other] All { $count } checkpoints shown here fit together: the log only grew.
    }
checkpoints-bad =
    { $count ->
        [one] A checkpoint does not hold!
       *[other] { $count } checkpoints do not hold!
    }
checkpoints-none = Nothing is sealed yet
checkpoints-size =
    { $size ->
        [one] Over the first entry
       *[other] Over { $size } entries
    }
checkpoints-note = Download
checkpoints-growth = Since the one before
checkpoints-signed = Signature
checkpoints-anchor = Log over all logs
checkpoints-anchored = Proved at place { $index }
checkpoints-unanchored = Not there yet
checkpoints-attested = Attested by
checkpoints-unattested = No outsider yet
checkpoints-more = Earlier checkpoints
growth-first = The first of this log
growth-consistent = The log only grew
growth-broken = The log is another than before!
signing-ours = Signed by our key
signing-wrong = Not signed by our key!
signing-unchecked = Not checked: there is no key here
erasure-title = Erasure (KVKK, GDPR)
erasure-help = What is personal about a customer in the log becomes unreadable for good, in backups too. That it was erased stays as an entry; proofs go on holding. Everywhere: the account goes too.
erasure-everywhere = Everywhere, with the account
erasure-basis = Basis
erasure-requester = Who asks
erasure-sure = I am sure: it cannot be undone.
erasure-go = Erase this customer
basis-consent_withdrawn = Consent withdrawn
basis-purpose_ended = No longer needed
basis-court_order = Order of a court
requester-subject = The person
requester-authority = An authority
reason-not_sealed = It is not sealed yet; try again in a moment.
reason-names_others = Every step names somebody else; ask whoever audits the firm.
reason-too_much_evidence = There are more steps than one file takes.
reason-erases_oneself = Nobody erases the account they act with.
reason-no_vault = Personal parts are not sealed here, so no key can be destroyed.
