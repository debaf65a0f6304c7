/** The threats of revocations and used proofs in the store that replicas share. */
import type { Table } from './coverage.ts';

const shared = 'check/binding/shared-proofs.test.ts';
const revocations = 'service/revocations/revocations.test.ts';
const service = 'service/revocations/service.test.ts';
const real = 'e2e/shared-store.test.ts';
const access = 'transport/admin/access.test.ts';

/** The table. */
export const revokingTable: Table = {
  title: 'RV. Revocations and proofs in the store',
  rows: [
    {
      id: 'RV-1',
      threat: 'A stolen proof is used at another replica or worker',
      tests: [
        [shared, 'accept a proof once, also if it arrives at both many times at once'],
        [shared, 'keep a proof until no replica accepts it, also with a clock that is 30 s behind'],
        [real, 'accept a proof once, of 200 at the same time over HTTP and gRPC'],
      ],
      note: 'With `dpop.store`. After a fail-over to a server that was behind, a proof of the last moment can be used once more.',
    },
    {
      id: 'RV-2',
      threat: 'The store is away, and a proof is used twice',
      tests: [
        [shared, '`closed` ends a check with `proofs_unavailable`'],
        [shared, '`local` accepts a proof once in each process'],
        [real, 'with `local`, accept a proof once in each process while the server does not answer'],
      ],
      note: '`dpop.store: local` accepts one use in each process. The log and a metric count them.',
    },
    {
      id: 'RV-3',
      threat:
        'One client fills the places of proofs that wait for a slow store, or a store that hangs holds up every check',
      tests: [
        [shared, 'has at most the configured number of proofs that wait, and a quarter of one key'],
        [shared, 'is asked again only every 250 ms after 5 failures in a row'],
        [shared, 'ends the check at its deadline'],
      ],
    },
    {
      id: 'RV-4',
      threat: '`explain` uses up the proof of a client',
      tests: [[shared, 'a trace stores nothing, and finds a proof that another replica has used']],
    },
    {
      id: 'RV-5',
      threat: 'A reader of the store learns who is revoked, or which proofs were used',
      tests: [
        [revocations, 'shows nothing of itself in the store'],
        [shared, 'have neither the issuer nor the key nor the jti in the store'],
      ],
    },
    {
      id: 'RV-6',
      threat: 'A client of the store without a key revokes tokens, or fills the memory',
      tests: [
        [revocations, '%s changes nothing'],
        [revocations, 'a value that was sealed for another purpose revokes nothing'],
        [revocations, 'a sealed value %s revokes nothing'],
        [revocations, 'use bounded memory'],
      ],
    },
    {
      id: 'RV-7',
      threat: 'An old entry is copied in the store, or an entry that was lifted arrives again',
      tests: [
        [revocations, 'that is old is not used again if someone copies it in the store'],
        [revocations, 'that is lifted stays lifted if it arrives again, or after the end'],
      ],
      note: 'A client of the store that can delete can take back a revocation, for replicas that start later. Running replicas keep their list.',
    },
    {
      id: 'RV-8',
      threat:
        'A token is accepted after it was revoked: at another replica, a new replica, or while the store is away',
      tests: [
        [real, 'deny a token within 1 s of a revocation at one of them, in every worker'],
        [real, 'deny the session of a person within 1 s'],
        [real, 'keep the list while the server is dead'],
        [revocations, 'a new replica has the entries before it answers checks'],
        [
          revocations,
          'a replica that starts waits for a time, says that its list is empty, and reads it later',
        ],
      ],
      note: 'A replica that starts while the store is away does not have the entries. `/readyz` and the log say so. The file has what must hold then.',
    },
    {
      id: 'RV-9',
      threat: 'An operator believes that a token is revoked, and it is not',
      tests: [
        [service, 'while the store is away'],
        [service, 'for %s'],
        [revocations, 'a write that fails with %s is %s'],
        [revocations, 'of another key are counted, named and reported, and used when the key arrives'],
      ],
    },
    {
      id: 'RV-10',
      threat: 'A page of another site revokes tokens through the browser of an operator',
      tests: [
        [service, 'deny requests if %s'],
        [service, 'take only JSON, which a form of a page cannot send'],
        [access, 'is recognized by sec-fetch-site, except a link'],
      ],
    },
    {
      id: 'RV-11',
      threat: 'Many revocations stop the checks',
      tests: [
        [revocations, 'many entries at once change the checks a few times only'],
        [revocations, 'a list with the maximum number of entries takes no more'],
        [service, 'limit the rate of changes and lists'],
      ],
    },
    {
      id: 'RV-12',
      threat: 'A revoked subject is in the log, or acts on the terminal of an operator',
      tests: [
        [revocations, 'no record of the log has a value of an entry'],
        [service, 'have no value in the answer that acts on a terminal'],
      ],
    },
  ],
};
