/** How a person signs in at an issuer. */
import type { Page } from 'playwright-core';

/** Fills the form of the issuer, which the page shows, and submits it. */
export type SignIn = (page: Page, name: string) => Promise<void>;
