/** The threats of the store that replicas share, as a server that fails, is slow, or is not the one that it should be. */
import type { Table } from './coverage.ts';

const link = 'state/valkey/link.test.ts';
const run = 'state/valkey/run.test.ts';
const feeds = 'state/valkey/feeds.test.ts';
const nodes = 'state/valkey/nodes.test.ts';
const outages = 'state/valkey/servers/outages.test.ts';
const installations = 'state/valkey/servers/installations.test.ts';
const user = 'state/valkey/servers/documented-user.test.ts';
const service = 'service/state.test.ts';

/** The table. */
export const storeTable: Table = {
  title: 'ST. The store that replicas share',
  rows: [
    {
      id: 'ST-1',
      threat: 'A dead, frozen or slow store delays checks',
      tests: [
        [run, 'without a connection an operation fails at once'],
        [run, 'an operation without an answer ends after its time, and is not sent again'],
        [run, 'and silent for the same time again is left'],
        [link, 'an idle connection is asked; one that is silent is left'],
        [outages, 'that is frozen: one operation has a timeout, later ones fail at once'],
        [outages, 'behind a network that loses everything is left without an operation'],
      ],
    },
    {
      id: 'ST-2',
      threat: 'Operations that wait for a silent store fill the memory',
      tests: [
        [run, 'at most 10,000 operations wait'],
        [feeds, 'at most 1,000 entries are written again, the latest'],
      ],
    },
    {
      id: 'ST-3',
      threat: 'An operation takes effect twice, or long after its caller gave up',
      tests: [
        [outages, 'that is killed fails at once, and is used again after its start; nothing is sent twice'],
        [run, 'is not asked for a third time'],
      ],
      note: 'An operation that timed out can take effect when the server continues. Its caller counts on that.',
    },
    {
      id: 'ST-4',
      threat: 'Hundreds of processes connect at the same moment to a store that comes back',
      tests: [
        [link, 'pauses grow to a limit, with jitter'],
        [link, 'a lost connection is replaced; after 5 s the first pause is short again'],
        [installations, 'a killed master: its keys fail, the others work, and it is used again'],
      ],
    },
    {
      id: 'ST-5',
      threat: 'The service stops or does not start without its store',
      tests: [
        [service, 'starts without it'],
        [service, 'reports it, and checks bearer tokens without it'],
        ['process/loaded-packages.test.ts', 'a service with a store loads its client too'],
        [outages, 'that is away at the start is used when it comes'],
      ],
    },
    {
      id: 'ST-6',
      threat: 'Another server than the store answers, or someone reads the connection',
      tests: [
        [installations, 'a server with a certificate of an unknown authority is not trusted'],
        [installations, 'a certificate for another name is not trusted'],
        [installations, 'a client certificate, and an ACL user who can do only what the store does'],
      ],
      note: '`redis://` has no protection. `oidc-authz doctor` reports it.',
    },
    {
      id: 'ST-7',
      threat: 'A message, a record or a metric contains a password, a user name or a stored value',
      tests: [
        [run, 'NOPERM User secret-name has no permissions'],
        [
          'config/state/state-problems.test.ts',
          'no message repeats a password that is written into an address',
        ],
        ['service/state-files.test.ts', '%s is reported'],
        ['tools/support-bundle/mask.test.ts', 'shows the place of the store and the names of its files'],
        [outages, 'that needs a password says so, without it, and reads the file for each connection'],
        [installations, 'an unknown master is a problem, without the passwords in its message'],
      ],
    },
    {
      id: 'ST-8',
      threat: 'A stolen user of the store can do more than this service needs',
      tests: [
        [user, 'does not let the service read or write the keys of others'],
        [user, 'needs'],
        [installations, 'a client certificate, and an ACL user who can do only what the store does'],
      ],
    },
    {
      id: 'ST-9',
      threat: 'After a fail-over, a process stays with the old master, or misses entries of a feed',
      tests: [
        [nodes, 'another master replaces it at once'],
        [nodes, 'a replica that takes the place of a master is found within 1 s'],
        [feeds, 'a feed is read from %s'],
        [feeds, 'the entries of this process of the last minute that still live are written again'],
        [installations, 'a killed master: the store is the new master, and the feed continues'],
        [outages, 'that became a replica is left'],
        [outages, 'whose feed lost its entries receives those of this process again'],
      ],
      note: 'Replication is asynchronous: other writes of the last moment can be lost. `min-replicas-to-write` limits that.',
    },
    {
      id: 'ST-10',
      threat: 'Answers or entries of another form stop a process or its feeds',
      tests: [
        [feeds, '%s is skipped'],
        [outages, 'with entries of another form skips them, and reports a receiver that throws'],
        [nodes, '%s in place of the slots leaves those that are known'],
        [link, 'a server that answers something else is not a store'],
      ],
    },
    {
      id: 'ST-11',
      threat: 'A wrong clock ends or extends entries of a feed',
      tests: [[feeds, 'a life counts by the clock of the server, and is at most that of the feed']],
      note: 'The clock of the server counts. If it jumps, lives change with it.',
    },
    {
      id: 'ST-12',
      threat: 'A server evicts keys or loses them at a restart, and forgets revocations and sign-outs',
      tests: [
        [user, 'keeps its data without evicting any'],
        [user, 'has every key after a restart'],
      ],
      note: 'The manifest in `deploy/valkey` and docs/state.md set `noeviction`, a file, and a user `default` that may read it. A server of your own needs the same.',
    },
    {
      id: 'ST-13',
      threat: 'A store without TLS or without a password is not noticed',
      tests: [
        ['tools/check-config/state.test.ts', 'warns: %s'],
        ['tools/doctor/config-rules.test.ts', 'K45 warning state.valkey'],
      ],
    },
    {
      id: 'ST-14',
      threat: 'A pod of the cluster that is not this service connects to the store',
      tests: [
        ['validators/validators.test.ts', 'the manifest of a small Valkey'],
        [user, 'does not let the service read or write the keys of others'],
      ],
      note: 'The manifest in `deploy/valkey` has a NetworkPolicy, and no user without a password.',
    },
  ],
};
