"""The door: sign in, give the code, sign up, sign out, and where `/` leads."""

from __future__ import annotations

from urllib.parse import quote

from litestar import Controller, get, post

from aggregator.people import authentication, sessions
from aggregator.people.authentication import NAME_RULE, InvalidCredentials
from aggregator.people.model import Role, Stage
from aggregator.people.passwords import SHORTEST
from aggregator.resellers.accounts import Refusal
from aggregator.web.dependencies import Address, Form, HttpRequest, Params, Parts, allow
from aggregator.web.guards import anyone, signed_in
from aggregator.web.navigation import HOME
from aggregator.web.responses import Onward, Page, page

WRONG = "The name and the password do not belong together."
TRIES = 20
TRIES_SECONDS = 900
SIGN_UPS = 10
SIGN_UP_SECONDS = 3600


class DoorsController(Controller):
    guards = (anyone,)

    @get("/")
    async def front(self, request: HttpRequest) -> Page:
        return Onward(HOME[request.user.role] if request.user else "/services")

    @get("/sign-in")
    async def sign_in(self, params: Params, request: HttpRequest) -> Page:
        if request.user:
            return Onward(HOME[request.user.role])
        return page("door/sign_in.html", onward=_onward(params.get("next", "")), name="", fault="")

    @post("/sign-in")
    async def come_in(self, request: HttpRequest, parts: Parts, form: Form, address: Address) -> Page:
        name, onward = form.text("name", most=100).lower(), _onward(form.get("next", ""))
        await allow(parts, f"from:{address}", calls=TRIES, seconds=TRIES_SECONDS)
        await allow(parts, f"name:{name}", calls=TRIES, seconds=TRIES_SECONDS)
        try:
            done = await authentication.sign_in(name, form.get("password", ""), instead_of=request.session["id"])
        except InvalidCredentials:
            return page("door/sign_in.html", status=400, onward=onward, name=name, fault=WRONG)
        request.session["id"] = done.token
        return Onward(onward or "/") if done.stage is Stage.FULL else Onward(f"/sign-in/code?next={quote(onward)}")

    @get("/sign-in/code")
    async def code(self, params: Params, request: HttpRequest) -> Page:
        if request.auth is None or request.auth.stage is not Stage.CODE:
            return Onward("/sign-in")
        return page("door/code.html", onward=_onward(params.get("next", "")), fault="")

    @post("/sign-in/code")
    async def submit_code(self, request: HttpRequest, parts: Parts, form: Form) -> Page:
        if request.auth is None or request.auth.stage is not Stage.CODE:
            return Onward("/sign-in")
        person, onward = request.auth.person, _onward(form.get("next", ""))
        await allow(parts, f"code:{person.id}", calls=TRIES, seconds=TRIES_SECONDS)
        try:
            code = form.text("code", most=40)
            token = await authentication.submit_code(person, code, seal=parts.seal, instead_of=request.session["id"])
        except InvalidCredentials as error:
            fault = str(error) or "This code is not right, or was used. Wait for the next one."
            return page("door/code.html", status=400, onward=onward, fault=fault)
        request.session["id"] = token
        return Onward(onward or HOME[person.role])

    @get("/sign-up")
    async def sign_up(self, parts: Parts, params: Params, request: HttpRequest) -> Page:
        if request.user:
            return Onward(HOME[request.user.role])
        return await _sign_up_page(parts, invite=params.text("invite", most=100))

    @post("/sign-up")
    async def join(self, request: HttpRequest, parts: Parts, form: Form, address: Address) -> Page:
        invite = form.text("invite", most=100)
        await allow(parts, f"sign-up:{address}", calls=SIGN_UPS, seconds=SIGN_UP_SECONDS)
        name, panel = form.text("name", most=100), parts.settings.panel
        try:
            person = await authentication.sign_up(
                name, form.get("password", ""), invite=invite or None, policy=panel.sign_up, currency=panel.currency
            )
        except Refusal as error:
            return await _sign_up_page(parts, invite=invite, name=name, fault=str(error))
        request.session["id"] = await sessions.start(person, instead_of=request.session["id"])
        return Onward(HOME[Role.RESELLER], "Welcome. Make an API key, or order right here.")

    @post("/sign-out", guards=[signed_in])
    async def sign_out(self, request: HttpRequest) -> Page:
        await sessions.end(request.session["id"])
        request.session["id"] = ""
        return Onward("/sign-in", "You are signed out.")


async def _sign_up_page(parts: Parts, *, invite: str, name: str = "", fault: str = "") -> Page:
    policy = parts.settings.panel.sign_up
    welcome = await authentication.is_welcome(invite or None, policy=policy)
    return page(
        "door/sign_up.html",
        status=400 if fault else 200,
        invite=invite,
        name=name,
        fault=fault,
        welcome=welcome,
        policy=policy,
        rule=NAME_RULE,
        reseller=await authentication.invited_for(invite or None),
        shortest=SHORTEST,
    )


def _onward(path: str) -> str:
    """Where to go after signing in: one of our own paths, else nowhere in particular."""
    plain = path.startswith("/") and not path.startswith("//") and path.isascii() and path.isprintable()
    return path if plain and "\\" not in path and " " not in path and len(path) <= 200 else ""  # noqa: PLR2004  # none of ours is longer
