/** Faults from outside a session: the same decisions as their interposed counterparts. */
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { freePorts, TmrRun } from './fixtures/tmr-run.ts';
import { isVote, LinkProxy } from './link-proxy.ts';
import { sendNotice } from './notice-client.ts';

/** Far beyond any skew of a crowded machine. */
const amply = ['--timeout', '10s'];
let run: TmrRun | undefined;
let proxy: LinkProxy | undefined;
afterEach(async () => {
  await run?.dispose();
  await proxy?.close();
  run = undefined;
  proxy = undefined;
});

/** A notice of replica 1 about replica 3 while `cat` waits for input. */
async function withNotice(...options: string[]) {
  run = new TmrRun([...amply, ...options], ['cat']);
  const { session, nfs, secretFile } = await run.running();
  const notice = { accused: 3, stream: 0, k: 1, mechanism: 'signature' };
  const secret = Buffer.from(readFileSync(secretFile, 'utf8').trim());
  const answer = await sendNotice({ nfs: nfs.address, secret, session, accuser: 1, ...notice });
  return { answer, end: await run.end('hello\n') };
}

describe('a false notice over a connection of its own', () => {
  it('is heard and not counted: nobody is flagged', async () => {
    const { answer, end } = await withNotice();
    expect(answer).toEqual({ counted: false });
    expect(end).toMatchObject({ status: 0, stdout: 'hello\n', stderr: '' });
    expect(end.report.flags).toEqual([]);
    const [heard] = end.report.notices;
    expect(heard).toMatchObject({ accuser: 1, accused: 3, counted: false, at: 'file-server' });
  });

  it('is obeyed under the paper’s policy: a healthy replica is out', async () => {
    const { answer, end } = await withNotice('--policy', 'paper');
    expect(answer).toEqual({ counted: true });
    expect(end).toMatchObject({ status: 0, stdout: 'hello\n' });
    expect(end.report.flags.map(({ replica }) => replica)).toEqual([3]);
  });

  it('is refused without the secret', async () => {
    run = new TmrRun(amply, ['cat']);
    const { session, nfs } = await run.running();
    const notice = { accused: 3, stream: 0, k: 1, mechanism: 'signature' };
    const secret = Buffer.from('not the secret');
    await expect(
      sendNotice({ nfs: nfs.address, secret, session, accuser: 1, ...notice }),
    ).rejects.toThrow(/secret/);
    expect(await run.end('hello\n')).toMatchObject({ status: 0, stdout: 'hello\n' });
  });
});

/** `cat` with the link 1-2 through a proxy that `strike` has set its rules on. */
async function throughProxy(strike: (proxy: LinkProxy) => void, ...options: string[]) {
  const ports = await freePorts(3);
  proxy = await LinkProxy.open({ host: '127.0.0.1', port: ports + 1 });
  strike(proxy);
  const link = ['--via', `1-2=127.0.0.1:${proxy.address.port}`];
  const listen = ['--session-ports', `${ports}-${ports + 2}`];
  run = new TmrRun([...amply, ...link, ...listen, ...options], ['cat']);
  await run.running();
  return run.end('hello\n');
}

describe('a link between two tracers', () => {
  it('carries every vote through the proxy while nothing is wrong', async () => {
    const end = await throughProxy(() => {});
    expect(end).toMatchObject({ status: 0, stdout: 'hello\n', stderr: '' });
    expect(end.report.linkSuspects).toEqual([]);
  });

  it('that corrupts a vote flags nobody and is named as suspect', async () => {
    const end = await throughProxy((link) => void link.corrupt('forward', 300, isVote(20)));
    expect(end).toMatchObject({ status: 0, stdout: 'hello\n', stderr: '' });
    expect(end.report.flags).toEqual([]);
    expect(end.report.linkSuspects.map(({ from, to }) => [from, to])).toContainEqual([1, 2]);
  });

  it('that loses all votes of one direction flags nobody', async () => {
    const end = await throughProxy((link) => void link.drop('backward', isVote(20, true)));
    expect(end).toMatchObject({ status: 0, stdout: 'hello\n', stderr: '' });
    expect(end.report.flags).toEqual([]);
    expect(end.report.linkSuspects.map(({ from, to }) => [from, to])).toContainEqual([2, 1]);
  });
});
