import { describe, expect, it } from 'vitest';
import { faultKindNames, faultyReplica, targetOf } from './fault-spec.ts';
import { faultKinds } from './fault-kinds.ts';
import { requireResolved } from './resolve.ts';
import { parseFault } from './text.ts';

describe('parseFault', () => {
  it('reads every example of the registry, which has every kind', () => {
    expect(faultKinds.map((kind) => kind.name)).toEqual([...faultKindNames]);
    for (const kind of faultKinds) expect(parseFault(kind.example).kind).toBe(kind.name);
  });

  it.each([
    ['signature-bit-flip:replica=1,bit=17,at=rendezvous:120', 'tracer:1', 1],
    ['signature-bit-flip:where=link:1-2,bit=3,at=rendezvous:9', 'link:1-2', null],
    ['replica-kill:replica=2,at=rendezvous:50', 'replica:2', 2],
    ['replica-kill:replica=2,process=tracer,at=rendezvous:50', 'tracer:2', 2],
    ['tracer-delay:replica=3,delay=1.5s', 'tracer:3', 3],
    ['false-flag-notice:accuser=1,accused=2,at=drawn', 'nfs', 1],
    ['container-kill:replica=2,at=rendezvous:50', 'container:2', 2],
    ['link-partition:link=2-1,duration=1s,at=rendezvous:50', 'link:1-2', null],
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
    ['replica-kill:replica=2,at=rendezvous:9..3', /a range that goes up, got 9\.\.3/],
    ['replica-kill:replica=2,at=12s', /expected at=rendezvous:N/],
    ['signature-bit-flip:replica=1,bit=64', /expected bit=0 to 63 \| drawn, got '64'/],
    ['signature-bit-flip:replica=3,where=link:1-2', /flips votes of replica 1, got replica=3/],
    ['signature-bit-flip:where=link:2-2', /a link joins two tracers/],
    ['signature-bit-flip:bit=1', /expected replica=.*, got no replica/],
    ['tracer-delay:replica=1', /expected delay=.*got no delay/],
    ['tracer-delay:replica=1,delay=200', /expected delay=a duration .*got '200'/],
    ['tracer-delay:replica=1,delay=1s..200ms', /a range that goes up, got 1000ms\.\.200ms/],
    ['false-flag-notice:accuser=2,accused=2', /another replica than the accuser/],
    ['container-pause:replica=1', /expected duration=.*got no duration/],
    ['cpu-quota:replica=1,percent=0,duration=1s', /expected percent=1 to 100, got '0'/],
    ['link-partition:link=1,duration=1s', /expected link=A-B, got '1'/],
    ['link-partition:link=2-2,duration=1s', /a link joins two tracers/],
    [
      '{"kind":"link-partition","target":{"type":"link","from":2,"to":1},' +
        '"trigger":{"type":"drawn"},"duration":5}',
      /the smaller number first, got 2-1/,
    ],
    ['none:at=drawn', /expected no parameters, got 'at'/],
    ['replica-kill:replica=1,seed=xyz', /expected seed=1 to 64 hexadecimal digits, got 'xyz'/],
    ['{"kind":"replica-kill"', /expected JSON/],
    ['{"kind":"replica-kill","target":{"type":"tracer","replica":0}}', /fault at target\.replica/],
  ])('refuses %s in words that help', (text, message) => {
    expect(() => parseFault(text)).toThrow(message);
  });

  it('leaves to draw what is not given, and says so to an interposer', () => {
    expect(() => requireResolved(parseFault('tracer-delay:replica=1,delay=1s..2s'))).toThrow(
      /nothing left to draw, got tracer-delay:replica=1,delay=1s\.\.2s,at=drawn/,
    );
  });
});
