/** An issuer that signs people in. */
import type { IssuerConfig } from '../config/declare/options.ts';
import type { LoginClient } from './login-client.ts';

/** The issuer and its client. */
export interface LoginIssuer {
  readonly config: IssuerConfig & { readonly login: NonNullable<IssuerConfig['login']> };
  /** The path of its options, such as `issuers[0]`. */
  readonly path: string;
  readonly client: LoginClient;
}
