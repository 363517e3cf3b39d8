"""Settings of whoever is signed in: the password, codes of an authenticator, signing out everywhere."""

from __future__ import annotations

from base64 import b64encode

from litestar import Controller, get, post

from aggregator.people import authentication, codes, passwords, sessions
from aggregator.people.authentication import InvalidCredentials, WrongPassword
from aggregator.resellers.accounts import Refusal
from aggregator.web.dependencies import Form, HttpRequest, Me, Parts, allow
from aggregator.web.guards import signed_in
from aggregator.web.responses import Onward, Page, page

TRIES = 20
TRIES_SECONDS = 900

NOT_THE_PRESENT = "The present password is not right."
WRONG_CODE = "This code is not right. Does your device show the right time?"


class SafetyController(Controller):
    path = "/settings"
    guards = (signed_in,)

    @get()
    async def settings(self) -> Page:
        return page("account/settings.html", shortest=passwords.SHORTEST)

    @post("/password")
    async def change_password(self, request: HttpRequest, parts: Parts, form: Form, me: Me) -> Page:
        await _count(parts, me)
        fault = "The two new passwords differ." if form.get("new", "") != form.get("again", "") else ""
        try:
            if not fault:
                request.session["id"] = await authentication.change_password(
                    me, form.get("old", ""), form.get("new", ""), here=request.session["id"]
                )
                return Onward("/settings", "The password is changed. Everywhere else you are signed out.")
        except InvalidCredentials:
            fault = NOT_THE_PRESENT
        except Refusal as error:
            fault = str(error)
        return page("account/settings.html", status=400, shortest=passwords.SHORTEST, faults={"password": fault})

    @get("/codes")
    async def set_up_codes(self, parts: Parts, me: Me) -> Page:
        return _codes_page(parts, me, codes.make_secret())

    @post("/codes")
    async def start_codes(self, request: HttpRequest, parts: Parts, form: Form, me: Me) -> Page:
        await _count(parts, me)
        secret = form.text("secret", most=64)
        try:
            recovery, token = await authentication.start_codes(
                me,
                secret,
                form.text("code", most=10),
                password=form.get("password", ""),
                seal=parts.seal,
                here=request.session["id"],
            )
        except InvalidCredentials as error:
            secret = secret if codes.is_secret(secret) else codes.make_secret()
            fault = {"password": NOT_THE_PRESENT} if isinstance(error, WrongPassword) else {"code": WRONG_CODE}
            return _codes_page(parts, me, secret, fault)
        request.session["id"] = token
        return page("account/recovery.html", recovery=recovery)

    @post("/codes/stop")
    async def stop_codes(self, request: HttpRequest, parts: Parts, form: Form, me: Me) -> Page:
        await _count(parts, me)
        try:
            code = form.text("code", most=40)
            request.session["id"] = await authentication.stop_codes(
                me, code, seal=parts.seal, here=request.session["id"]
            )
        except InvalidCredentials as error:
            fault = str(error) or "This code is not right, or was used."
            return page("account/settings.html", status=400, shortest=passwords.SHORTEST, faults={"code": fault})
        return Onward("/settings", "From now on the password alone is enough.")

    @post("/sign-out-everywhere")
    async def sign_out_everywhere(self, request: HttpRequest, me: Me) -> Page:
        await sessions.end_all(me.id)
        request.session["id"] = ""
        return Onward("/sign-in", "You are signed out everywhere.")


async def _count(parts: Parts, me: Me) -> None:
    await allow(parts, f"prove:{me.id}", calls=TRIES, seconds=TRIES_SECONDS)


def _codes_page(parts: Parts, me: Me, secret: str, faults: dict[str, str] | None = None) -> Page:
    address = codes.address(secret, me.name, parts.settings.panel.name)
    drawn = f"data:image/svg+xml;base64,{b64encode(codes.picture(address)).decode()}"
    return page("account/codes.html", status=400 if faults else 200, secret=secret, drawn=drawn, faults=faults or {})
