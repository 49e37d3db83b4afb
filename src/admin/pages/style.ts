/** The style of every page, in the colours of the console. They follow the setting of the person; each pair has a contrast of 4.5 at least (WCAG 2.2 §1.4.3). */
export const STYLE = `
:root{color-scheme:light dark;--ground:#f8f7f4;--sheet:#fff;--ink:#1f2120;--quiet:#65645f;--line:#e4e2dc;--edge:#85837d;
--accent:#0f6b66;--on-accent:#fff;--bad:#a1221b;--bad-ground:#fdf1ef;--good-ground:#eff5ee}
@media (prefers-color-scheme:dark){:root{--ground:#111414;--sheet:#181c1c;--ink:#e9e8e3;--quiet:#a9aba8;--line:#2c3231;--edge:#7e8280;
--accent:#5bb8ad;--on-accent:#06201f;--bad:#ff9b90;--bad-ground:#34201e;--good-ground:#1f2b20}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:flex;flex-direction:column;align-items:center;padding:clamp(1rem,8vh,6rem) 1rem 2rem;
background:var(--ground);color:var(--ink);font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
header{width:100%;max-width:26rem;display:flex;align-items:center;gap:.6rem;margin:0 0 1rem;font-weight:600;letter-spacing:.02em}
header svg{width:1.5rem;height:1.5rem;flex:none;fill:var(--accent)}
main{width:100%;max-width:26rem;background:var(--sheet);border:1px solid var(--line);border-radius:.75rem;padding:1.75rem}
h1{font-size:1.35rem;line-height:1.25;margin:0 0 .5rem;letter-spacing:-.01em}
h2{font-size:1rem;margin:2rem 0 .25rem;padding-top:1.5rem;border-top:1px solid var(--line)}
p{margin:.5rem 0}.quiet{color:var(--quiet)}
form{margin:1.25rem 0 0}form.row{margin-top:.75rem}
label{display:block;font-weight:500;margin:1rem 0 .25rem}
label small{display:block;font-weight:400;color:var(--quiet);font-size:.875rem}
input{width:100%;font:inherit;color:inherit;background:var(--sheet);border:1px solid var(--edge);border-radius:.5rem;padding:.55rem .7rem}
input.code{font-family:ui-monospace,Menlo,Consolas,monospace;letter-spacing:.12em}
button,a.button{display:block;width:100%;margin-top:1.25rem;padding:.6rem 1rem;font:inherit;font-weight:600;text-align:center;
text-decoration:none;border:1px solid var(--accent);border-radius:.5rem;background:var(--accent);color:var(--on-accent);cursor:pointer}
button.second,a.button.second{background:transparent;color:var(--accent)}
button:hover,a.button:hover{filter:brightness(1.08)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
a{color:var(--accent)}
.note{border-radius:.5rem;padding:.7rem .9rem;margin:1rem 0 0;background:var(--good-ground);border:1px solid var(--line)}
.note.bad{background:var(--bad-ground);border-color:var(--bad);color:var(--bad)}
dl{display:grid;grid-template-columns:auto 1fr;gap:.25rem 1rem;margin:1rem 0 0}dt{color:var(--quiet)}dd{margin:0;overflow-wrap:anywhere}
ul.codes{list-style:none;padding:0;margin:1rem 0 0;display:grid;grid-template-columns:repeat(auto-fit,minmax(11rem,1fr));gap:.25rem 1rem}
code,ul.codes{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:.95rem;overflow-wrap:anywhere}
[hidden]{display:none}
@media (max-width:30rem){body{padding:1rem .75rem}main{padding:1.25rem}}
`

/** Moves the token of a link from the fragment, which no server sees, into the form. Without scripts, a person pastes it there. */
export const SCRIPT = `
const field = document.querySelector('input[name=token]')
if (field && location.hash.length > 1) {
  field.value = decodeURIComponent(location.hash.slice(1))
  field.parentElement.hidden = true
  history.replaceState(null, '', location.pathname)
}
`
