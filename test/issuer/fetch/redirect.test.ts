/** A redirect of a discovery document or a key set is an error. The message names its target and the option to set. */
import { expect, onTestFinished, test } from 'vitest';
import { planIssuer } from '../../../src/issuer/issuer-plan.ts';
import { configOf, fileFor } from '../../support/app.ts';
import { createTestClock } from '../../support/clock.ts';
import { quietContext } from '../../support/core.ts';
import { type FakeIssuer, startFakeIssuer } from '../../support/fake-issuer.ts';

async function problemOf(
  prepare: (fake: FakeIssuer) => void,
  file: (url: string) => string = fileFor,
): Promise<string> {
  const fake = await startFakeIssuer();
  prepare(fake);
  const config = await configOf(file(fake.url));
  const [issuerConfig] = config.issuers;
  if (issuerConfig === undefined) throw new TypeError('no issuer');
  const message = Promise.withResolvers<string>();
  const quiet = quietContext(createTestClock());
  const issuer = planIssuer(issuerConfig, config, {
    ...quiet,
    eventsOf: (...issuer) => ({
      ...quiet.eventsOf(...issuer),
      onStateChange: ({ problem = '' }) => message.resolve(problem),
    }),
  }).create();
  onTestFinished(async () => {
    issuer.stop();
    await fake.close();
  });
  issuer.start();
  return message.promise;
}

const redirect =
  (location: string | undefined, status: number): FakeIssuer['jwks'] =>
  (_, response) =>
    response.writeHead(status, location === undefined ? {} : { location }).end();

test.each([301, 302, 303, 307, 308])('a key set that is redirected with %i', async (status) => {
  const problem = await problemOf((fake) => {
    fake.jwks = redirect('https://cdn.example.com/keys/v2?token=secret#part', status);
  });
  expect(problem).toContain(`status ${status}`);
  expect(problem).toContain('redirects to https://cdn.example.com/keys/v2,');
  expect(problem).toContain('set `jwksUri` to it');
  expect(problem).not.toContain('secret');
});

test('a key set of jwksUri that is redirected', async () => {
  const problem = await problemOf(
    (fake) => {
      fake.jwks = redirect('/elsewhere', 302);
    },
    (url) => fileFor(url).replace('name: main', `name: main, jwksUri: "${url}/jwks"`),
  );
  expect(problem).toMatch(/redirects to http:\/\/127\.0\.0\.1:\d+\/elsewhere,.*set `jwksUri` to it/);
});

test('a discovery document that is redirected', async () => {
  const problem = await problemOf((fake) => {
    fake.discovery = redirect('https://user:secret@login.example.com/.well-known/openid-configuration', 301);
  });
  expect(problem).toContain('redirects to https://login.example.com/.well-known/openid-configuration,');
  expect(problem).toContain('set `discoveryUri` to it');
  expect(problem).not.toContain('secret');
});

test.each([
  ['without a target', undefined, /status 302 instead of 200$/],
  ['to no URL', 'https://[', /redirects to an invalid URL/],
  ['to another scheme', 'data:text/plain,secret', /redirects to data:,/],
  [
    'to a long URL',
    `https://example.com/${'x'.repeat(5_000)}`,
    /redirects to https:\/\/example\.com\/x{180}…,/,
  ],
])('a redirect %s', async (_, location, message) => {
  const problem = await problemOf((fake) => {
    fake.jwks = redirect(location, 302);
  });
  expect(problem).toMatch(message);
  expect(problem).not.toContain('secret');
});
