/** The stylesheet of the pages. It is a part of each page, and the content security policy allows it by its hash. */
import { hash } from 'node:crypto';

/** The stylesheet. */
export const stylesheet = `:root{color-scheme:light dark;--page:#f3f5f8;--glow:#e3eafa;--card:#fff;--edge:#e1e6ee;--text:#182033;--muted:#525d70;--soft:#f1f4f9;--accent:#2450b2;--hover:#1b3f92;--on-accent:#fff;--tint:#e7edfb;--bad:#a3301c;--bad-tint:#fdece7;--good:#1a6b41;--good-tint:#e4f4ea;--shade:0 1px 2px rgb(20 30 60/.05),0 16px 40px rgb(20 30 60/.09)}
@media (prefers-color-scheme:dark){:root{--page:#0f131a;--glow:#1b2436;--card:#191f29;--edge:#2b3442;--text:#e8ecf3;--muted:#a8b2c2;--soft:#222a36;--accent:#8fb2ff;--hover:#b1caff;--on-accent:#0d1628;--tint:#22304c;--bad:#ffab97;--bad-tint:#40231d;--good:#8ad6a9;--good-tint:#193527;--shade:0 16px 40px rgb(0 0 0/.35)}}
*,::before,::after{box-sizing:border-box}
html{font:100%/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;min-height:100vh;min-height:100svh;padding:1.25rem;display:flex;flex-direction:column;align-items:center;justify-content:center;gap:1.25rem;color:var(--text);background:radial-gradient(56rem 36rem at 50% -8rem,var(--glow),transparent) no-repeat var(--page);overflow-wrap:anywhere}
main{width:100%;max-width:26.5rem;padding:clamp(1.5rem,7vw,2.5rem);background:var(--card);border:1px solid var(--edge);border-radius:1.25rem;box-shadow:var(--shade)}
.icon{display:block;width:3.25rem;height:3.25rem;margin:0 0 1.25rem;padding:.75rem;border-radius:1rem;color:var(--accent);background:var(--tint);fill:none;stroke:currentcolor;stroke-width:1.75;stroke-linecap:round;stroke-linejoin:round}
.bad .icon{color:var(--bad);background:var(--bad-tint)}
.good .icon{color:var(--good);background:var(--good-tint)}
h1{margin:0 0 .625rem;font-size:1.5rem;line-height:1.25;font-weight:650;letter-spacing:-.015em;text-wrap:balance}
p,ol{margin:0;color:var(--muted);text-wrap:pretty}
.named{margin:1.25rem 0 0;padding:.75rem 1rem;border-radius:.75rem;background:var(--soft);font-size:.9375rem;line-height:1.4}
.named strong{display:block;color:var(--text);font-weight:600}
ol{margin:1.25rem 0 0;padding:0;list-style:none;counter-reset:step}
ol li{position:relative;padding:.1875rem 0 .1875rem 2.375rem;counter-increment:step}
ol li+li{margin-top:.5rem}
ol li::before{content:counter(step);position:absolute;left:0;top:.125rem;width:1.625rem;height:1.625rem;border-radius:50%;background:var(--soft);color:var(--text);font-size:.875rem;line-height:1.625rem;font-weight:600;text-align:center}
form{margin:0}
.button{display:block;width:100%;margin:1.75rem 0 0;padding:.75rem 1.25rem;border:1px solid transparent;border-radius:.75rem;background:var(--accent);color:var(--on-accent);font:inherit;font-weight:600;line-height:1.5;text-align:center;text-decoration:none;cursor:pointer}
.button:hover{background:var(--hover)}
.quiet{display:block;margin:.5rem 0 -.5rem;padding:.625rem 1.25rem;border-radius:.75rem;color:var(--accent);font-weight:600;text-align:center;text-underline-offset:.2em}
a:focus-visible,button:focus-visible{outline:3px solid var(--accent);outline-offset:3px}
ul{margin:1.5rem 0 0;padding:0;list-style:none}
ul li+li{margin-top:.625rem}
ul a{display:flex;align-items:center;gap:.875rem;min-height:3.5rem;padding:.625rem 1rem .625rem .75rem;border:1px solid var(--edge);border-radius:.875rem;color:var(--text);font-weight:600;line-height:1.35;text-decoration:none}
ul a::after{content:"";flex:none;width:.5rem;height:.5rem;margin-left:auto;border:solid var(--muted);border-width:2px 2px 0 0;transform:rotate(45deg)}
ul a:hover{border-color:var(--accent);background:var(--soft)}
.mark{flex:none;width:2.25rem;height:2.25rem;border-radius:.625rem;background:var(--tint);color:var(--accent);line-height:2.25rem;text-align:center}
footer{max-width:26.5rem;color:var(--muted);font-size:.8125rem;text-align:center}
code{margin-left:.375rem;font:1em ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;color:var(--text);user-select:all}
@media (max-width:24rem){body{padding:.75rem}}
@media (forced-colors:active){.button,.mark{border:1px solid}}
@media print{body{background:none;min-height:0}main{border:none;box-shadow:none}.button,.quiet{display:none}}
`;

/** The source expression of the stylesheet in a content security policy (CSP Level 3 section 2.3.1). */
export const stylesheetSource = `'sha256-${hash('sha256', stylesheet, 'base64')}'`;
