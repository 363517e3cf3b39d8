"""The pages: what people see of the panel in a browser. A page loads, calls a deed, and renders; it decides nothing.

They are Litestar's: a controller a section, routers for whom they are, named dependencies for what a handler needs.
To add pages, write a module with a `Controller`, and name it in the `PAGES` of its package: `public`, `console`, or
`account` (there in the router of resellers). That router has the guard. Its template goes below `templates/`, its line
of the menu into `navigation.py`. An example:

    class NotesController(Controller):
        path = "/notes"

        @get()
        async def listed(self, seller_id: SellerId) -> Page:
            return page("account/notes.html", notes=await notes.of(seller_id))

        @post()                                  # reached only with the form's token
        async def note(self, form: Form, seller_id: SellerId) -> Page:
            async with form.once():              # money and the like: a form sent twice is done once
                await notes.add(seller_id, form.text("note"))
            return Onward("/notes", "The note is kept.")

* `dependencies.py`: what a handler may ask for by name: `parts`, `form`, `params`, `me`, `author`, `seller_id`,
  `address`. `Id` is the type of a number in the path. What one section has alone is a dependency of its controller,
  as an order by the number of its path.
* `guards.py`: authorization (`resellers`, `owners`, `signed_in`, `anyone`; each page has one), and the CSRF
  check of forms (`form_check`). `cookies.py` makes the token.
* `sessions.py`: authentication, and the session of flash messages. `responses.py`: `page`, `Onward`, `stream`.
* `refusals.py`: the exception handlers. A refusal that a page does not catch is shown as a page that says why.
* `site.py` puts the router together. Why sessions, forms and CSRF are not Litestar's:
  docs/decisions/0010-pages-on-litestar.md.
* `templates/base.html` is the frame that a page extends. `templates/ui.html` has the pieces (`ui.field`, `ui.table`,
  `ui.badge`, ...); `ui` needs no import. `money`, `moment` and `day` print amounts and times.
* A form is `{% call ui.form(request, "/notes") %}`, a form for money `ui.form(request, ..., once=true)`.
* `static/` holds the style sheets and scripts: `panel.*` for every page, `console.css` and `public.*` for those alone.
  There is no inline script and no `style=`: the policy in `headers.py` would stop them.
* Tests: `tests/web/kit.py` signs people in within milliseconds, `tests/web/chromium.py` drives a real browser.
"""
