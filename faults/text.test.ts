import { describe, expect, it } from 'vitest';
import { faultyReplica, targetOf } from './fault-spec.ts';
import { activeKinds } from './kinds/registry.ts';
import { requireResolved } from './resolve.ts';
import { parseFault } from './text.ts';

describe('parseFault', () => {
  it('reads every example of the registry', () => {
    expect(activeKinds.length).toBeGreaterThan(20);
    for (const { name, example } of activeKinds) expect(parseFault(example).kind).toBe(name);
  });

  it.each([
    ['signature-bit-flip:replica=1,bit=17,at=rendezvous:120', 'tracer:1', 1],
    ['link-bit-flip:link=1-2,bit=3,at=rendezvous:9', 'link:1-2', null],
    ['replica-kill:replica=2,at=rendezvous:50', 'replica:2', 2],
    ['replica-kill:replica=2,process=tracer,at=rendezvous:50', 'tracer:2', 2],
    ['tracer-delay:replica=3,delay=1.5s', 'tracer:3', 3],
    ['false-flag-notice:accuser=1,accused=2,at=drawn', 'nfs', 1],
    ['false-flag-notice:accuser=1,accused=2,to=monitor', 'monitor', 1],
    ['two-faced-vote:replica=3,to=1', 'tracer:3', 3],
    ['link-reset:link=3-2', 'link:3-2', null],
    ['container-kill:replica=2,at=rendezvous:50', 'container:2', 2],
    ['link-partition:link=1-2,duration=1s,at=rendezvous:50', 'link:1-2', null],
    ['none', null, null],
  ])('names target and faulty replica of %s', (text, target, faulty) => {
    expect(targetOf(parseFault(text))).toBe(target);
    expect(faultyReplica(parseFault(text))).toBe(faulty);
  });

  it.each([
    ['replica-kil:replica=2', /got 'replica-kil'\. Did you mean 'replica-kill'\?/],
    ['flip', /expected one of none, signature-bit-flip, .*, got 'flip'/],
    ['replica-kill:replicas=2', /got 'replicas'\. Did you mean 'replica'\?/],
    ['replica-kill:at=rendezvous:5', /expected replica=1, 2, 3, got no replica; for example/],
    ['replica-kill:replica=9', /expected replica=.*got '9'/],
    ['replica-kill:replica=1,replica=2', /replica is given twice/],
    ['replica-kill:replica=2,process=nfs', /expected process=replica \| tracer, got 'nfs'/],
    ['replica-kill:replica=2,at=rendezvous:0', /expected at=rendezvous:N .*got 'rendezvous:0'/],
    [
      'replica-kill:replica=2,at=rendezvous:9..3',
      /expected at=rendezvous:N .*got 'rendezvous:9\.\.3'/,
    ],
    ['replica-kill:replica=2,at=12s', /expected at=rendezvous:N/],
    ['signature-bit-flip:replica=1,bit=64', /expected bit=0 to 63 \| drawn, got '64'/],
    ['signature-bit-flip:replica=3,where=link:1-2', /got 'where'/],
    ['link-bit-flip:link=2-2', /expected link=A-B.*got '2-2'/],
    ['two-faced-vote:replica=2,to=2', /another replica than 2/],
    ['replica-kill:replica=2,reaches=1', /expected process=tracer,phase=after-vote/],
    ['clock-error:replica=2,offset=0s', /expected offset=a duration/],
    ['memory-bit-flip:replica=2,address=12', /expected address=a hexadecimal address/],
    ['link-reset:link=1-2,phase=later', /expected phase=before-vote \| after-vote/],
    ['signature-bit-flip:bit=1', /expected replica=.*, got no replica/],
    ['tracer-delay:replica=1', /expected delay=.*got no delay/],
    ['tracer-delay:replica=1,delay=200', /expected delay=a duration .*got '200'/],
    ['tracer-delay:replica=1,delay=1s..200ms', /expected delay=a duration .*got '1s\.\.200ms'/],
    ['false-flag-notice:accuser=2,accused=2', /another replica than the accuser/],
    ['container-pause:replica=1', /expected duration=.*got no duration/],
    ['cpu-quota:replica=1,percent=0,duration=1s', /expected percent=1 to 100, got '0'/],
    ['link-partition:link=1,duration=1s', /expected link=A-B, such as 1-2.*, got '1'/],
    ['link-partition:link=2-2,duration=1s', /expected link=A-B/],
    ['link-partition:link=2-1,duration=1s', /the smaller number first, got '2-1'/],
    [
      '{"kind":"link-partition","link":{"from":2,"to":1},"duration":5}',
      /fault at link: the smaller number first/,
    ],
    ['none:at=drawn', /expected no parameters, got 'at=drawn'/],
    ['replica-kill:replica=1,seed=xyz', /expected seed=1 to 64 hexadecimal digits, got 'xyz'/],
    ['{"kind":"replica-kill"', /expected JSON/],
    ['{"kind":"replica-kill","replica":0}', /fault at replica/],
    ['{"kind":"replica-kill"}', /fault at replica/],
  ])('refuses %s in words that help', (text, message) => {
    expect(() => parseFault(text)).toThrow(message);
  });

  it('leaves to draw what is not given, and says so to an interposer', () => {
    expect(() => requireResolved(parseFault('tracer-delay:replica=1,delay=1s..2s'))).toThrow(
      /nothing left to draw, got tracer-delay:replica=1,delay=1s\.\.2s,at=drawn; give one value of delay, at/,
    );
  });
});

it.each([
  'wrong-seal:replica=1,to=1,at=rendezvous:7',
  'wrong-seal:replica=3,to=3,other=good,at=rendezvous:7',
])('a tracer has no peer that is itself: %s', (text) => {
  expect(() => parseFault(text)).toThrow(/expected another replica/);
});
