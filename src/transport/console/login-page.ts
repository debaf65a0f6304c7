/** The page on which an operator signs in with the token of `admin.tokenFile`. */
import { type Html, html } from '../../runtime/html.ts';
import { notice } from './page.ts';

/** Renders the form. @param problem why the last attempt failed */
export function loginPage(formToken: Html, problem?: string): Html {
  return html`${problem !== undefined && html`<div role="alert">${notice('bad', html`<p>${problem}</p>`)}</div>`}
<form method="post" action="/console/login" class="question" autocomplete="off">${formToken}
<p>Sign in with the content of the file that the option <code>admin.tokenFile</code> names. The session ends after 8 hours.</p>
<p><label for="token">Token</label><input id="token" name="token" type="password" required autocomplete="off"></p>
<p><button type="submit">Sign in</button></p>
</form>`;
}

/** The button that ends a session. */
export function signOutForm(formToken: Html): Html {
  return html`<form method="post" action="/console/logout">${formToken}<button type="submit">Sign out</button></form>`;
}
