"""Settings of whoever is signed in: the password, codes of an authenticator, signing out everywhere."""

from __future__ import annotations

from base64 import b64encode

from aggregator.people import codes, doors, passwords, sessions
from aggregator.people.doors import WrongPassword, WrongProof
from aggregator.resellers.accounts import Refusal
from aggregator.web.section import Section
from aggregator.web.visit import Page, Visit, Who

TRIES = 20
TRIES_SECONDS = 900

NOT_THE_PRESENT = "The present password is not right."
WRONG_CODE = "This code is not right. Does your device show the right time?"

section = Section()


@section.get("/settings", Who.SIGNED_IN)
async def settings(visit: Visit) -> Page:
    return visit.render("account/settings.html", shortest=passwords.SHORTEST)


@section.post("/settings/password", Who.SIGNED_IN)
async def change_password(visit: Visit) -> Page:
    await _count(visit)
    form = visit.form
    fault = "The two new passwords differ." if form.get("new", "") != form.get("again", "") else ""
    try:
        if not fault:
            visit.hold(
                await doors.change_password(visit.me, form.get("old", ""), form.get("new", ""), here=visit.cookie)
            )
            return visit.go("/settings", "The password is changed. Everywhere else you are signed out.")
    except WrongProof:
        fault = NOT_THE_PRESENT
    except Refusal as error:
        fault = str(error)
    return visit.render("account/settings.html", status=400, shortest=passwords.SHORTEST, faults={"password": fault})


@section.get("/settings/codes", Who.SIGNED_IN)
async def set_up_codes(visit: Visit) -> Page:
    return _codes_page(visit, codes.make_secret())


@section.post("/settings/codes", Who.SIGNED_IN)
async def start_codes(visit: Visit) -> Page:
    await _count(visit)
    secret = visit.form.text("secret", most=64)
    try:
        recovery, token = await doors.start_codes(
            visit.me, secret, visit.form.text("code", most=10), password=visit.form.get("password", ""),
            seal=visit.parts.seal, here=visit.cookie,
        )  # fmt: skip
    except WrongProof as error:
        secret = secret if codes.is_secret(secret) else codes.make_secret()
        fault = {"password": NOT_THE_PRESENT} if isinstance(error, WrongPassword) else {"code": WRONG_CODE}
        return _codes_page(visit, secret, fault)
    visit.hold(token)
    return visit.render("account/recovery.html", recovery=recovery)


@section.post("/settings/codes/stop", Who.SIGNED_IN)
async def stop_codes(visit: Visit) -> Page:
    await _count(visit)
    try:
        code = visit.form.text("code", most=40)
        visit.hold(await doors.stop_codes(visit.me, code, seal=visit.parts.seal, here=visit.cookie))
    except WrongProof as error:
        fault = str(error) or "This code is not right, or was used."
        return visit.render("account/settings.html", status=400, shortest=passwords.SHORTEST, faults={"code": fault})
    return visit.go("/settings", "From now on the password alone is enough.")


@section.post("/settings/sign-out-everywhere", Who.SIGNED_IN)
async def sign_out_everywhere(visit: Visit) -> Page:
    await sessions.end_all(visit.me.id)
    visit.hold(None)
    return visit.go("/sign-in", "You are signed out everywhere.")


async def _count(visit: Visit) -> None:
    await visit.allow(f"prove:{visit.me.id}", calls=TRIES, seconds=TRIES_SECONDS)


def _codes_page(visit: Visit, secret: str, faults: dict[str, str] | None = None) -> Page:
    address = codes.address(secret, visit.me.name, visit.parts.settings.panel.name)
    drawn = f"data:image/svg+xml;base64,{b64encode(codes.picture(address)).decode()}"
    return visit.render(
        "account/codes.html", status=400 if faults else 200, secret=secret, drawn=drawn, faults=faults or {}
    )  # fmt: skip
