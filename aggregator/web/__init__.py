"""The pages: what people see of the panel in a browser. A page loads, calls a deed, and renders; it decides nothing.

To add pages, write a module with a `Section`, and name the section in `site.SECTIONS`:

    section = Section()

    @section.get("/wallet", Who.RESELLER)
    async def wallet(visit: Visit) -> Page:
        return visit.render("account/wallet.html", balance=await book.balance(visit.reseller))

    @section.post("/wallet/note", Who.RESELLER)              # reached only with the form's token
    async def note(visit: Visit) -> Page:
        async with visit.once():                             # money and the like: a form sent twice is done once
            await deed(visit.form.text("note"))
        return visit.go("/wallet", "The note is kept.")

* `visit.py` is all that a page is given: who looks, what they sent, and how to answer.
* `templates/base.html` is the frame, `templates/ui.html` the pieces (`ui.field`, `ui.table`, `ui.badge`, ...);
  both are there in every template without an import. `money`, `moment` and `day` print amounts and times.
* A form is `{% call ui.form(visit, "/wallet/note") %}`, a form for money `ui.form(visit, ..., once=true)`.
* A refusal (`Refusal`, `ResellerError`, `FormFault`) that a page does not catch is shown as a page that says why.
* `navigation.py` names what stands in the menu of each role; `static/` holds the one style sheet and the one script.
  There is no inline script and no `style=`: the policy in `headers.py` would stop them.
* Tests: `tests/web/kit.py` signs people in within milliseconds, `tests/web/chromium.py` drives a real browser.
"""
