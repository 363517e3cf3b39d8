"""The door: sign in, give the code, sign up, sign out, and where `/` leads."""

from __future__ import annotations

from urllib.parse import quote

from aggregator.people import doors, sessions
from aggregator.people.doors import NAME_RULE, WrongProof
from aggregator.people.model import Role, Stage
from aggregator.people.passwords import SHORTEST
from aggregator.resellers.accounts import Refusal
from aggregator.web.navigation import HOME
from aggregator.web.section import Section
from aggregator.web.visit import Page, Visit, Who

WRONG = "The name and the password do not belong together."
TRIES = 20
TRIES_SECONDS = 900
SIGN_UPS = 10
SIGN_UP_SECONDS = 3600

section = Section()


@section.get("/", Who.ANYONE)
async def front(visit: Visit) -> Page:
    return visit.go(HOME[visit.person.role] if visit.person else "/services")


@section.get("/sign-in", Who.ANYONE)
async def sign_in(visit: Visit) -> Page:
    if visit.person:
        return visit.go(HOME[visit.person.role])
    return visit.render("door/sign_in.html", onward=_onward(visit.query.get("next", "")), name="", fault="")


@section.post("/sign-in", Who.ANYONE)
async def come_in(visit: Visit) -> Page:
    name, onward = visit.form.text("name", most=100).lower(), _onward(visit.form.get("next", ""))
    await visit.allow(f"from:{visit.address}", calls=TRIES, seconds=TRIES_SECONDS)
    await visit.allow(f"name:{name}", calls=TRIES, seconds=TRIES_SECONDS)
    try:
        done = await doors.sign_in(name, visit.form.get("password", ""), instead_of=visit.cookie)
    except WrongProof:
        return visit.render("door/sign_in.html", status=400, onward=onward, name=name, fault=WRONG)
    visit.hold(done.token)
    return visit.go(onward or "/") if done.stage is Stage.FULL else visit.go(f"/sign-in/code?next={quote(onward)}")


@section.get("/sign-in/code", Who.ANYONE)
async def code(visit: Visit) -> Page:
    if visit.session is None or visit.session.stage is not Stage.CODE:
        return visit.go("/sign-in")
    return visit.render("door/code.html", onward=_onward(visit.query.get("next", "")), fault="")


@section.post("/sign-in/code", Who.ANYONE)
async def give_code(visit: Visit) -> Page:
    if visit.session is None or visit.session.stage is not Stage.CODE:
        return visit.go("/sign-in")
    person, onward = visit.session.person, _onward(visit.form.get("next", ""))
    await visit.allow(f"code:{person.id}", calls=TRIES, seconds=TRIES_SECONDS)
    try:
        code = visit.form.text("code", most=40)
        token = await doors.give_code(person, code, seal=visit.parts.seal, instead_of=visit.cookie)
    except WrongProof as error:
        fault = str(error) or "This code is not right, or was used. Wait for the next one."
        return visit.render("door/code.html", status=400, onward=onward, fault=fault)
    visit.hold(token)
    return visit.go(onward or HOME[person.role])


@section.get("/sign-up", Who.ANYONE)
async def sign_up(visit: Visit) -> Page:
    if visit.person:
        return visit.go(HOME[visit.person.role])
    return await _sign_up_page(visit, invite=visit.query.text("invite", most=100))


@section.post("/sign-up", Who.ANYONE)
async def join(visit: Visit) -> Page:
    invite = visit.form.text("invite", most=100)
    await visit.allow(f"sign-up:{visit.address}", calls=SIGN_UPS, seconds=SIGN_UP_SECONDS)
    name, panel = visit.form.text("name", most=100), visit.parts.settings.panel
    try:
        person = await doors.sign_up(
            name, visit.form.get("password", ""), invite=invite or None, policy=panel.sign_up, currency=panel.currency
        )
    except Refusal as error:
        return await _sign_up_page(visit, invite=invite, name=name, fault=str(error))
    visit.hold(await sessions.start(person, instead_of=visit.cookie))
    return visit.go_home(Role.RESELLER, "Welcome. Make an API key, or order right here.")


async def _sign_up_page(visit: Visit, *, invite: str, name: str = "", fault: str = "") -> Page:
    policy = visit.parts.settings.panel.sign_up
    welcome = await doors.is_welcome(invite or None, policy=policy)
    return visit.render(
        "door/sign_up.html", status=400 if fault else 200, invite=invite, name=name, fault=fault, welcome=welcome,
        policy=policy, rule=NAME_RULE, reseller=await doors.invited_for(invite or None), shortest=SHORTEST,
    )  # fmt: skip


@section.post("/sign-out", Who.SIGNED_IN)
async def sign_out(visit: Visit) -> Page:
    await sessions.end(visit.cookie)
    visit.hold(None)
    return visit.go("/sign-in", "You are signed out.")


def _onward(path: str) -> str:
    """Where to go after signing in: one of our own paths, else nowhere in particular."""
    plain = path.startswith("/") and not path.startswith("//") and path.isascii() and path.isprintable()
    return path if plain and "\\" not in path and " " not in path and len(path) <= 200 else ""  # noqa: PLR2004  # none of ours is longer
