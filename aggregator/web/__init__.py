"""The pages: what people see of the panel in a browser. A page loads, calls a deed, and renders; it decides nothing.

They are Litestar's: a controller a section, routers for whom they are, named dependencies for what a handler needs.
To add pages, write a module with a `Controller`, and name it in the `PAGES` of its package (`account`, `public` or
`console`):

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

* `dependencies.py`: what a handler may ask for by name: `parts`, `form`, `params`, `me`, `author`, `seller_id`, `Id`.
  What one section has alone is a dependency of its controller, as an order by the number of its path.
* `guards.py`: authorization (`resellers`, `owners`, `signed_in`, `anyone`; each page has one), and the check of forms.
* `sessions.py`: authentication, and the session of flash messages. `responses.py`: `page`, `Onward`, `stream`.
* `refusals.py`: the exception handlers. A refusal that a page does not catch is shown as a page that says why.
* `site.py` puts the router together. Why not more of Litestar is used: docs/decisions/0010-pages-on-litestar.md.
* `templates/base.html` is the frame, `templates/ui.html` the pieces (`ui.field`, `ui.table`, `ui.badge`, ...);
  both are there in every template without an import. `money`, `moment` and `day` print amounts and times.
* A form is `{% call ui.form(request, "/notes") %}`, a form for money `ui.form(request, ..., once=true)`.
* `navigation.py` names what stands in the menu of each role; `static/` holds the one style sheet and the one script.
  There is no inline script and no `style=`: the policy in `headers.py` would stop them.
* Tests: `tests/web/kit.py` signs people in within milliseconds, `tests/web/chromium.py` drives a real browser.
"""
