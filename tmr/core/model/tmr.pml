/*
 * The agreed protocol (rules R0-R19) as a Promela model in discrete time: three tracers with their
 * replicas, the NFS server, the monitor, and faults. See README.md beside it.
 *
 * One tick is longer than a message: what was sent in a tick is received in it, in any order that
 * the links' own order allows, mixed in any way with arrivals and timers. A timer fires only when
 * its tracer has drained its sockets. One process with one d_step per event: who acts next is the only
 * choice, so every interleaving of events is covered, and the state holds no program counters.
 *
 * Lines `EV` (events), `EF` (effects) have the names of tmr/core/types.ts; model.test.ts replays them.
 */

/* ---- parameters ------------------------------------------------------------------------------ */

#ifndef K
#define K 3 /* rendezvous, from 1; rendezvous 0 is closed before the model starts */
#endif
#ifndef T
#define T 4
#endif
#ifndef Q
#define Q 1
#endif
#ifndef D
#define D 1
#endif
#ifndef SKEW
#define SKEW 0 /* each arrival is 0..SKEW ticks late, chosen anew */
#endif
#define PING (T / 4)

/* Kinds of faults. Faulty: tracer 3; a link fault: from 2 to 1. The second fault: tracer 2. */
#define NONE 0
#define SIGNATURE_AT_SENDER 1
#define INPUTS_AT_SENDER 2
#define SIGNATURE_ON_LINK 3 /* the vote of one rendezvous: its seal fits no more */
#define LASTING_ON_LINK 4 /* every vote from then on, in relays and views too */
#define VOTE_LOST 5
#define REPLICA_WRONG 6
#define TRACER_CRASH 7
#define REPLICA_SLOW 8 /* by up to SLOW ticks */
#define FALSE_NOTICE 9
#define REQUEST_CORRUPTED 10
#define OUTPUT_CORRUPTED 11
#define LINK_RESET 12
#define LINK_DEAD 13
#define TWO_FACED 14
#define EARLY_WRONG 15
#define ROGUE 16
#define TRACER_STOPPED 17 /* for STOP ticks */
#define REPLICA_KILL 18
#define INPUTS_ON_LINK 19
#define TWO_FACED_INPUTS 20
#define REPLICA_FAST 21 /* no fault: the two others compute for BURST ticks longer */
#define CUT_OFF 22 /* both links of a tracer to its peers dead, both ways; variant 1: reset */
#define WRONG_SEAL 23 /* from then on each vote to each peer: good, badly sealed or withheld; so its relays */
#define FORGED_RELAY 24 /* from then on, with its own vote: one of each peer to the other, invented */

#ifndef FAULT
#define FAULT NONE
#endif
#ifndef FAULT2
#define FAULT2 NONE
#endif
#ifndef SLOW
#define SLOW (T + 2)
#endif
#ifndef STOP
#define STOP (3 * T)
#endif
#ifndef BURST
#define BURST (T + 1)
#endif
#ifndef AT_MIN
#define AT_MIN 1 /* the fault's rendezvous is one of these */
#endif
#ifndef AT_MAX
#define AT_MAX (FAULT == NONE -> 1 : K + SPONTANEOUS)
#endif
#ifndef AT2_MIN
#define AT2_MIN 1
#endif
#ifndef AT2_MAX
#define AT2_MAX K
#endif

/* Variants of a kind: the bits of FALSE_NOTICE (server, monitor), ROGUE (wrong, lies, notices), TWO_FACED
   (its own core holds the wrong one), SIGNATURE_AT_SENDER (wrong only after its own core), CUT_OFF (reset). */
#define VARIANTS_OF(f) \
  ((f) == FALSE_NOTICE -> 3 : ((f) == ROGUE -> 7 : ((f) == TWO_FACED || (f) == CUT_OFF || (f) == SIGNATURE_AT_SENDER -> 1 : 0)))
#ifndef VARIANTS
#define VARIANTS VARIANTS_OF(FAULT)
#endif
#ifndef VARIANTS2
#define VARIANTS2 VARIANTS_OF(FAULT2)
#endif
#define IS(kind) (FAULT == (kind) || FAULT2 == (kind))
/* Fault `kind` hits replica i at rendezvous kk. */
#define HIT(kind, i, kk) \
  ((FAULT == (kind) && (i) == 2 && (kk) == at) || (FAULT2 == (kind) && (i) == 1 && (kk) == at2))
#define FROM_HIT(kind, i, kk) \
  ((FAULT == (kind) && (i) == 2 && (kk) >= at) || (FAULT2 == (kind) && (i) == 1 && (kk) >= at2))
#define VARIANT (me == 2 -> variant : variant2)
#define LINK_AT (FAULT2 == NONE || LINK_KIND(FAULT) -> at : at2)
#define ON_LINK (me == 1 && to == 0)
/* Two faults never make the same wrong vote. */
#define WRONG(i) ((i) == 2 -> 1 : 2)
#define STALE 3

#define LINK_KIND(f) \
  ((f) == SIGNATURE_ON_LINK || (f) == LASTING_ON_LINK || (f) == VOTE_LOST || (f) == LINK_RESET || \
   (f) == LINK_DEAD || (f) == INPUTS_ON_LINK)
#define SPONTANEOUS \
  (FAULT == TRACER_CRASH || FAULT == LINK_RESET || FAULT == LINK_DEAD || \
   FAULT == TRACER_STOPPED || FAULT == REPLICA_KILL || FAULT == CUT_OFF)
/* What protocol.md lets be flagged or fence: the rest is healthy, the ends of a bad link above all. */
#ifdef HARMLESS
#define HARMLESS_RUN true
#define MAY_FALL(i) false
#else
#define HARMLESS_RUN false
#define MAY_FALL(i) \
  ((i) == 2 && (FAULT == SIGNATURE_AT_SENDER || FAULT == REPLICA_WRONG || FAULT == TRACER_CRASH || \
                FAULT == REPLICA_SLOW || FAULT == TWO_FACED || FAULT == EARLY_WRONG || \
                FAULT == ROGUE || FAULT == TRACER_STOPPED || FAULT == REPLICA_KILL || \
                FAULT == CUT_OFF || FAULT == TWO_FACED_INPUTS || FAULT == OUTPUT_CORRUPTED || \
                FAULT == WRONG_SEAL || FAULT == FORGED_RELAY || \
                (FAULT == REQUEST_CORRUPTED && IS_READ(at))))
#endif
/* Its votes are wrong on both links: it must be flagged (P3). */
#define MUST_FALL \
  (FAULT == SIGNATURE_AT_SENDER || FAULT == REPLICA_WRONG || FAULT == EARLY_WRONG || \
   (FAULT == ROGUE && (variant & 1)))
#define SINGLE (FAULT2 == NONE)

#define FAULTY(i) ((i) == 2 && MAY_FALL(2))
/* A property of DESIGN.md 4, by its number. */
#define CHECK(property, condition) \
  if \
  :: condition -> skip \
  :: else -> printf("VIOLATED P%d\n", property); assert(false) \
  fi

/* What a rendezvous' call does: a call of the NFS server each, the last two also output (R12, R13). */
#define IS_READ(c) ((c) == 2)
#define HAS_OUTPUT(c) ((c) >= K - 1)

/* ---- data ------------------------------------------------------------------------------------ */

#define BIT(i) (1 << (i))
#define PEER_MASK (7 & ~BIT(me))
#define OTHER (3 - me - from) /* the peer that is not `from` */
#define COUNT(m) (((m) & 1) + (((m) >> 1) & 1) + (((m) >> 2) & 1))

/* An entry: OPEN, MISSING, DOWN, ABSENT (in views: no member), or a vote:
   4 | signature | inputs << 3 | provenance << 6. The clocks are k + 3, 0, 2: the median is
   the faulty replica's. A wrong one is 7. */
#define OPEN 0
#define MISSING 1
#define DOWN 2
#define ABSENT 3
#define VOTE_OF(sig, inputs) (4 | (sig) | ((inputs) << 3))
#define IS_VOTE(e) ((e) & 4)
#define SAME(a, b) (((a) & 7) == ((b) & 7))
#define INPUTS(e) (((e) >> 3) & 7)
#define PLAIN(e) ((e) & 63)
#define RELAYED 64
#define VOUCHED 128
#define PROVENANCE(e) ((e) & 192)
#define CLOCK(i, kk) ((kk) + ((i) == 0 -> 3 : ((i) == 1 -> 0 : 2)))
#define WRONG_CLOCK 7

/* Tables of k-1, k, k+1. */
#define PREVIOUS 0
#define CURRENT 1
#define NEXT 2
#define NO_TABLE 3
#define AT(table, j) ((table) * 9 + me * 3 + (j))
#define OF(table) ((table) * 3 + me)
#define ENTRY(j) entry[AT(CURRENT, j)]

byte entry[27];
byte view[27];  /* of viewer j: own | good(me) << 1 | good(other) << 2 | sig << 3 | inputs(other) << 5; 2: no own vote */
byte held[27];  /* relayed votes that wait for the own one (R4) */
byte direct[9]; /* masks: came over the own link; origin asked for by the other peer; view sent to */
byte askers[9];
byte viewSent[9];
#ifdef PAIR_SEALS
byte unsealed[9]; /* masks: a vote that came over the own link, badly sealed for the other peer */
#endif

byte k[3];
byte members[3];
byte closed[3];
byte done[3];
byte dead[3];
byte relayFor[3]; /* the peers to which the other peer's votes are relayed */
byte agreed[3];
bit frozen[3];
bit asked[3];

/* Timers count down; a tracer has one at a time. */
#define OFF 0
#define WAIT 1    /* T from the second arrival (R2) */
#define ALONE 2   /* R3 */
#define DISPUTE 3 /* T + 2D from the own close (R6) */
#define ENDING 4  /* T + 2D from the end (R10) */
#define NEVER 255
byte timer[3];
byte left[3];
byte answer[3]; /* R3: T from the last answer; NEVER before the first ping */

#define RUNNING 0
#define FENCED 1
#define STOPPED 2
#define ENDED 3
#define CRASHED 4
byte status[3];
bit rogue[3];
byte state[3];      /* the replica's: 0 is right */
byte computing[3];  /* 1 + ticks at most until the arrival; 0: not computing */
byte earliest[3];   /* ticks at least */
byte waiting[3];
byte reply[3];      /* what a service answered: 1 | executed << 1 | stale << 3 */
byte stopped[3];    /* TRACER_STOPPED: ticks to go */
byte lossy[3];      /* TRACER_CRASH: 1 + mask of parties that its last words do not reach */
bit cut[3];         /* cut off by a service (R12, R13) */
#define SERVER 3
#define MONITOR 4

/* Links. A direction is shut after the end of the connection was put in it. */
#define VOTE 1
#define RELAY 2
#define VIEW 3
#define ASK 4
#define DOWN_MSG 5
#define DONE 6
#define PING_MSG 7
#define PONG 8
#define CLOSE 9
#define REQUEST 10 /* to a service: {slot, digest} */
#define FLAG 11    /* {accused} */
#define STOP_MSG 12
#ifndef CAP
#define CAP 9
#endif
#define LINK(f, t) link[(f) * 2 + ((t) > (f) -> (t) - 1 : (t))]
chan link[6] = [CAP] of {byte, byte, byte, byte};
#define SERVICE_CAP (K + 6)
chan toServer[3] = [SERVICE_CAP] of {byte};
chan toMonitor[3] = [SERVICE_CAP] of {byte};
#define PACK(type, n, digest) (((type) - REQUEST + 1) | ((n) << 3) | ((digest) << 6))
byte shut[3];

/* NFS server and monitor. */
byte digest[9];    /* [slot - 1][replica]: 1 + digest */
byte executed[3];  /* [slot - 1]: mask of the executed digests | of the stale ones << 4 */
byte answered[3];
byte writes;       /* that changed the volume */
bit wrongVolume;
byte outDigest[6]; /* the same for the two slots of output */
byte outExecuted[2];
byte outAnswered[2];
byte outputs;      /* that left */
byte flagged[2];   /* 0 server, 1 monitor */
byte accusers[6];  /* [service * 3 + accused] */
byte gone[2];
bit stop;          /* the session ends with an error */

/* The fault and what is measured. */
byte at;
byte at2;
byte variant;
byte variant2;
bit fired;
bit fired2;
byte agreedAt[4];  /* 1 + agreed inputs | members << 3 of the first healthy to go on at k */
byte cast[3];      /* last rendezvous with an own vote; under WRONG_SEAL, one that a peer can use */
byte age;          /* ticks since P3's bound began */
byte idle;         /* ticks of R3's pings in a row: P5 */
#define AGE_OFF 255

/* ---- temporaries of one event: not part of the state ------------------------------------------- */

hidden byte ev;
hidden byte me;
hidden byte from;
hidden byte type;
hidden byte mk;
hidden byte ma;
hidden byte mb;
hidden byte mc;
hidden byte seals; /* WRONG_SEAL: what it does to 1 | to 2 << 2; 0 good, 1 badly sealed, 2 withheld */
hidden byte table;
hidden byte opens;
hidden byte bad;
hidden byte p;
hidden byte q;
hidden byte to;
hidden byte x;
hidden byte y;
hidden byte z;
hidden byte va;
hidden byte vb;
hidden byte vc;
hidden byte own;
hidden byte arrived;
hidden byte closing;
hidden byte judge;
hidden byte decide;
hidden byte expired;
hidden byte goOn;
hidden byte callNext;
hidden byte outs;
hidden byte outTo[24];
hidden byte outType[24];
hidden byte outK[24];
hidden byte outA[24];
hidden byte outB[24];
hidden byte outC[24];
hidden short tick;

/* ---- sending --------------------------------------------------------------------------------- */

#define OUT(to_, type_, k_, a_, b_, c_) \
  outTo[outs] = to_; outType[outs] = type_; outK[outs] = k_; \
  outA[outs] = a_; outB[outs] = b_; outC[outs] = c_; \
  outs++

inline SEND(sTo, sType, sK, sA, sB, sC) {
  if
  :: closed[me] & BIT(sTo) -> skip
  :: else ->
    printf("EF send to=%d type=%d k=%d a=%d b=%d c=%d\n", sTo + 1, sType, sK, sA, sB, sC);
    OUT(sTo, sType, sK, sA, sB, sC)
  fi
}

#define IN_VIEW(table_, j) ((members[me] & BIT(j)) -> PLAIN(entry[AT(table_, j)]) : ABSENT)
inline SEND_VIEW(vTable, vTo) {
  if
  :: viewSent[OF(vTable)] & BIT(vTo) -> skip
  :: else ->
    viewSent[OF(vTable)] = viewSent[OF(vTable)] | BIT(vTo);
    va = IN_VIEW(vTable, 0); vb = IN_VIEW(vTable, 1); vc = IN_VIEW(vTable, 2);
    SEND(vTo, VIEW, k[me] + vTable - 1, va, vb, vc)
  fi
}

#define SPOILT(e) (IS_VOTE(e) -> (((e) & 252) | 1) : (e))

/* A peer takes the vote: with seals for pairs nobody looks at a vote's own. */
#if defined(NO_SEALS)
#define USABLE(z) ((z) < 2)
#elif defined(PAIR_SEALS)
#define USABLE(z) ((z) == 0 || ((z) == 1 && type == VOTE))
#else
#define USABLE(z) ((z) == 0)
#endif

/* Network and link faults: what was put out leaves, in order, and each end closes what it closed. */
inline FLUSH() {
  x = 0;
  do
  :: x < outs ->
    to = outTo[x]; type = outType[x]; mk = outK[x]; ma = outA[x]; mb = outB[x]; mc = outC[x];
    y = 1;
    if
    :: lossy[me] && ((lossy[me] - 1) & BIT(to)) && type != CLOSE -> y = 0
    :: else
    fi;
    if
    :: to == SERVER ->
      if
      :: type == REQUEST && HIT(REQUEST_CORRUPTED, me, mk) -> ma = WRONG(me)
      :: else
      fi;
      if
      :: y -> assert(len(toServer[me]) < SERVICE_CAP); toServer[me]!PACK(type, mk, ma)
      :: else
      fi
    :: to == MONITOR ->
      if
      :: type == REQUEST && HIT(OUTPUT_CORRUPTED, me, mk) -> ma = WRONG(me)
      :: else
      fi;
      if
      :: y -> assert(len(toMonitor[me]) < SERVICE_CAP); toMonitor[me]!PACK(type, mk, ma)
      :: else
      fi
    :: else ->
      if
      :: (shut[me] & BIT(to)) || (closed[to] & BIT(me)) -> y = 0
      :: else
      fi;
      if
      :: type == CLOSE ->
        shut[me] = shut[me] | BIT(to);
        /* This end hears nothing more. */
        do
        :: len(LINK(to, me)) > 0 -> LINK(to, me)?_,_,_,_
        :: else -> break
        od
      :: else
      fi;
      if
      :: type == VOTE ->
        if
        :: IS(VOTE_LOST) && ON_LINK && mk == LINK_AT -> y = 0
        :: IS(SIGNATURE_ON_LINK) && ON_LINK && mk == LINK_AT -> ma = SPOILT(ma); mc = 1
        :: IS(INPUTS_ON_LINK) && ON_LINK && mk == LINK_AT ->
#ifdef NO_CHECKSUM
          ma = ma | (WRONG_CLOCK << 3); mc = 1
#else
          y = 0
#endif
        :: HIT(SIGNATURE_AT_SENDER, me, mk) && (VARIANT & 1) -> ma = (ma & 252) | WRONG(me)
        :: HIT(TWO_FACED, me, mk) ->
          /* The right vote to 1, the wrong one to the other. */
          ma = (to == 0 -> (ma & 252) : ((ma & 252) | WRONG(me)))
        :: HIT(TWO_FACED_INPUTS, me, mk) && to != 0 -> ma = ma | (WRONG_CLOCK << 3)
        :: else
        fi
      :: else
      fi;
      if
      :: IS(LASTING_ON_LINK) && ON_LINK && mk >= LINK_AT &&
         (type == VOTE || type == RELAY || type == VIEW) ->
        if
        :: type != VIEW && ma != SPOILT(ma) -> mc = 1
        :: else
        fi;
        ma = SPOILT(ma);
        if
        :: type == VIEW -> mb = SPOILT(mb); mc = SPOILT(mc)
        :: else
        fi
      :: IS(LINK_DEAD) && ON_LINK && (LINK_KIND(FAULT) -> fired : fired2) -> y = 0
      :: FAULT == CUT_OFF && fired && variant == 0 && (me == 2 || to == 2) -> y = 0
      :: FROM_HIT(WRONG_SEAL, me, mk) && (type == VOTE || type == RELAY) ->
        z = (seals >> (2 * to)) & 3;
        if
        :: USABLE(z) && (type == VOTE || mb == me + 1) && mk > cast[me] ->
          cast[me] = mk;
          age = (age < 200 -> AGE_OFF : age)
        :: else
        fi;
        mc = (z == 1 -> 1 : mc);
        y = (z == 2 -> 0 : y)
      :: else
      fi;
      if
      :: y -> assert(len(LINK(me, to)) < CAP); LINK(me, to)!(type * 8 + mk),ma,mb,mc
      :: else
      fi
    fi;
    x++
  :: else -> break
  od;
  outs = 0
}

inline CLOSE_LINK(cTo) {
  if
  :: closed[me] & BIT(cTo) -> skip
  :: else -> OUT(cTo, CLOSE, 0, 0, 0, 0); closed[me] = closed[me] | BIT(cTo)
  fi
}

/* R11 and every other way out: every connection is closed. */
inline LEAVE(how) {
  status[me] = how;
  if
  :: me != 0 -> CLOSE_LINK(0)
  :: else
  fi;
  if
  :: me != 1 -> CLOSE_LINK(1)
  :: else
  fi;
  if
  :: me != 2 -> CLOSE_LINK(2)
  :: else
  fi;
  if
  :: how == STOPPED -> OUT(MONITOR, STOP_MSG, 0, 0, 0, 0)
  :: else
  fi;
  OUT(SERVER, CLOSE, 0, 0, 0, 0);
  OUT(MONITOR, CLOSE, 0, 0, 0, 0);
  timer[me] = OFF; left[me] = 0; answer[me] = NEVER; computing[me] = 0; earliest[me] = 0;
  reply[me] = 0; waiting[me] = 0; stopped[me] = 0; cut[me] = 0; lossy[me] = 0; rogue[me] = 0
}

/* ---- ways out, flags --------------------------------------------------------------------------- */

/* P3, from both healthy votes: wrong votes, absent ones. */
#define BOUND (MUST_FALL -> 2 * D + 1 : T + 1 + 3 * D)

inline FENCE() {
  printf("EF fence\n");
  CHECK(2, !SINGLE || MAY_FALL(me)) /* no healthy tracer fences */;
  LEAVE(FENCED)
}

/* The host's own reasons (a service's reply, a cut), of which the core hears nothing. */
inline HOST_FENCE() {
  printf("HOST tracer=%d fences\n", me + 1);
  CHECK(2, !SINGLE || MAY_FALL(me));
  LEAVE(FENCED)
}

inline STOP_SESSION() {
  printf("EF stop\n");
  LEAVE(STOPPED)
}

inline END_IF_NOBODY_NEEDS_ME() {
  if
  :: timer[me] == ENDING && ((done[me] | closed[me]) & members[me] & PEER_MASK) == (members[me] & PEER_MASK) ->
    printf("EF ended\n");
    LEAVE(ENDED)
  :: else
  fi
}

#ifdef TIMEOUT_ONLY
#define IS_DOWN(j) false
#else
#define IS_DOWN(j) ((closed[me] | dead[me]) & BIT(j))
#endif

/* 1 signature, 2 time-out, 3 connection-closed, 4 replica-dead. */
#define MECHANISM(e) \
  (IS_VOTE(e) -> 1 : ((e) == MISSING -> 2 : ((dead[me] & BIT(p)) -> 4 : 3)))

inline FLAG_PEER() {
  printf("EF flag accused=%d k=%d mechanism=%d\n", p + 1, k[me], MECHANISM(entry[AT(CURRENT, p)]));
  CHECK(2, !SINGLE || FAULTY(me) || MAY_FALL(p));
  CHECK(3, age == AGE_OFF || age <= BOUND || me == 2);
  members[me] = members[me] & ~BIT(p);
#ifndef NO_FLAG_AT_SERVER
  OUT(SERVER, FLAG, p, 0, 0, 0);
#endif
#ifndef NO_FLAG_AT_MONITOR
  OUT(MONITOR, FLAG, p, 0, 0, 0);
#endif
  if
  :: !(closed[me] & BIT(p)) -> printf("EF close-link peer=%d\n", p + 1)
  :: else
  fi;
  CLOSE_LINK(p)
}
/* ---- R4, R8: taking votes, going on --------------------------------------------------------- */

/* R1, R4: the c of a vote or relay is 1 when its seal does not fit: it is none. What a tracer has taken
   passes its peer's check too, but with seals for pairs, where nobody looks at a vote's own. */
#ifdef NO_SEALS
#define SEALED true
#else
#define SEALED (mc == 0)
#endif
#ifdef PAIR_SEALS
#define VOTE_SEALED true
#define UNSEALED(t, j) ((unsealed[OF(t)] & BIT(j)) -> 1 : 0)
#else
#define VOTE_SEALED SEALED
#define UNSEALED(t, j) 0
#endif

/* A vote of j for a table, to who asked for it or has j's votes relayed. */
inline PASS_ON(t, j, kk, e, seal) {
  if
  :: (askers[OF(t)] & BIT(j)) || ((t) != PREVIOUS && (relayFor[me] & BIT(3 - me - (j)))) ->
    askers[OF(t)] = askers[OF(t)] & ~BIT(j);
    if
    :: members[me] & BIT(3 - me - (j)) -> SEND(3 - me - (j), RELAY, kk, e, (j) + 1, seal)
    :: else
    fi
  :: else
  fi
}

inline ACCEPT_HELD(j) {
  if
  :: held[AT(CURRENT, j)] ->
    if
#ifdef NO_ACQUIT
    :: true ->
#else
    :: SAME(held[AT(CURRENT, j)], entry[AT(CURRENT, me)]) ->
#endif
      entry[AT(CURRENT, j)] = held[AT(CURRENT, j)] | RELAYED;
      PASS_ON(CURRENT, j, k[me], PLAIN(entry[AT(CURRENT, j)]), 0)
#ifndef NO_ACQUIT
    :: else
#endif
    fi;
    held[AT(CURRENT, j)] = 0
  :: else
  fi
}

#ifdef NO_FREEZE
#define MAY_FILL(t, j) (!IS_VOTE(entry[AT(t, j)]))
#else
#define MAY_FILL(t, j) (!IS_VOTE(entry[AT(t, j)]) && !((t) == CURRENT && frozen[me]))
#endif

inline REPORT_DETOURS() {
  for (p : 0 .. 2) {
    x = entry[AT(PREVIOUS, p)];
    if
    :: p != me && (members[me] & BIT(p)) && IS_VOTE(x) && PROVENANCE(x) &&
       !(PROVENANCE(x) == RELAYED && (direct[OF(PREVIOUS)] & BIT(p))) ->
      printf("EF link-suspect peer=%d k=%d\n", p + 1, k[me] - 1)
    :: else
    fi
  }
}

/* The median of three; of two the smaller; never before the last (R8). */
#define IN(j) INPUTS(entry[AT(CURRENT, j)])
#define LESS(a, b) ((a) < (b) -> (a) : (b))
#define MORE(a, b) ((a) > (b) -> (a) : (b))
#ifdef NO_R8 /* from the votes that were there before the decision */
#define IN_SET(j) ((members[me] & BIT(j)) && PROVENANCE(ENTRY(j)) != VOUCHED)
#else
#define IN_SET(j) (members[me] & BIT(j))
#endif
inline AGREE_INPUTS() {
  if
  :: IN_SET(0) && IN_SET(1) && IN_SET(2) ->
    x = MORE(LESS(IN(0), IN(1)), LESS(MORE(IN(0), IN(1)), IN(2)))
  :: else ->
    x = LESS((IN_SET(0) -> IN(0) : 7), (IN_SET(1) -> IN(1) : 7));
    x = LESS(x, (IN_SET(2) -> IN(2) : 7))
  fi;
#ifndef NO_MAX
  x = MORE(x, agreed[me]);
#endif
  CHECK(1, !SINGLE || FAULTY(me) || x >= agreed[me]); /* no clock runs backwards */
  agreed[me] = x
}

#define OPEN_COUNT \
  ((members[me] & 1 && entry[AT(CURRENT, 0)] == OPEN -> 1 : 0) + \
   (members[me] & 2 && entry[AT(CURRENT, 1)] == OPEN -> 1 : 0) + \
   (members[me] & 4 && entry[AT(CURRENT, 2)] == OPEN -> 1 : 0))
#ifdef NO_R2 /* from the first arrival */
#define TIMER_STARTS (opens < COUNT(members[me]))
#else
#define TIMER_STARTS (opens <= 1)
#endif

inline START_TIMER() {
  opens = OPEN_COUNT;
  if
  :: TIMER_STARTS && (timer[me] == OFF || timer[me] == ALONE) ->
    timer[me] = WAIT; left[me] = T; answer[me] = NEVER; asked[me] = 0
  :: else
  fi
}

inline ROTATE() {
  for (p : 0 .. 2) {
    entry[AT(PREVIOUS, p)] = entry[AT(CURRENT, p)];
    entry[AT(CURRENT, p)] = entry[AT(NEXT, p)];
    entry[AT(NEXT, p)] = OPEN;
    view[AT(PREVIOUS, p)] = view[AT(CURRENT, p)];
    view[AT(CURRENT, p)] = view[AT(NEXT, p)];
    view[AT(NEXT, p)] = 0;
    held[AT(CURRENT, p)] = held[AT(NEXT, p)];
    held[AT(NEXT, p)] = 0;
    if
    :: p != me && (members[me] & BIT(p)) && entry[AT(CURRENT, p)] == OPEN && IS_DOWN(p) ->
      entry[AT(CURRENT, p)] = DOWN
    :: else
    fi
  }
  direct[OF(PREVIOUS)] = direct[OF(CURRENT)];
  direct[OF(CURRENT)] = direct[OF(NEXT)];
  direct[OF(NEXT)] = 0;
  askers[OF(PREVIOUS)] = askers[OF(CURRENT)];
  askers[OF(CURRENT)] = askers[OF(NEXT)];
  askers[OF(NEXT)] = 0;
  viewSent[OF(PREVIOUS)] = viewSent[OF(CURRENT)];
  viewSent[OF(CURRENT)] = viewSent[OF(NEXT)];
  viewSent[OF(NEXT)] = 0;
#ifdef PAIR_SEALS
  unsealed[OF(PREVIOUS)] = unsealed[OF(CURRENT)];
  unsealed[OF(CURRENT)] = unsealed[OF(NEXT)];
  unsealed[OF(NEXT)] = 0;
#endif
  frozen[me] = 0;
  asked[me] = 0;
  k[me]++;
  timer[me] = OFF; left[me] = 0; answer[me] = NEVER;
  START_TIMER()
}

inline GO_ON() {
  REPORT_DETOURS();
  AGREE_INPUTS();
  printf("EF go-on k=%d inputs=%d members=%d\n", k[me], agreed[me], members[me]);
  /* P1, P4: the healthy agree on inputs and members of each rendezvous. */
  x = 1 + (agreed[me] | (members[me] << 3));
  if
  :: SINGLE && !FAULTY(me) ->
    if
    :: agreedAt[k[me]] == 0 -> agreedAt[k[me]] = x
    :: else -> CHECK(1, agreedAt[k[me]] == x)
    fi
  :: else
  fi;
  ROTATE();
  /* The call takes effect: each is one of the NFS server. */
  waiting[me] = SERVER;
  OUT(SERVER, REQUEST, k[me] - 1, state[me], 0, 0)
}

/* ---- R5-R7: judging ---------------------------------------------------------------------------- */

#define BAD(j) \
  ((members[me] & BIT(j)) && \
   (!IS_VOTE(entry[AT(CURRENT, j)]) || !EQUAL_TO_OWN(entry[AT(CURRENT, j)])))
#ifdef NO_COMPARE
#define EQUAL_TO_OWN(e) true
#else
#define EQUAL_TO_OWN(e) SAME(e, entry[AT(CURRENT, me)])
#endif

inline JUDGE() {
  bad = 0;
  for (p : 0 .. 2) {
    if
    :: p != me && BAD(p) -> bad = bad | BIT(p)
    :: else
    fi
  }
  if
  :: expired -> decide = 1
  :: else ->
    if
    :: bad == 0 ->
      for (p : 0 .. 2) {
        if
        :: p != me && (members[me] & BIT(p)) && view[AT(CURRENT, p)] -> SEND_VIEW(CURRENT, p)
        :: else
        fi
      }
      goOn = 1
#ifdef NO_DUPLEX_STOP
    :: bad && COUNT(members[me]) == 2 -> goOn = 1
#else
    :: bad && COUNT(members[me]) == 2 -> STOP_SESSION()
#endif
    :: bad && COUNT(members[me]) == 3 ->
      if
      :: timer[me] != DISPUTE ->
        timer[me] = DISPUTE; left[me] = T + 2 * D; answer[me] = NEVER;
#ifndef NO_VIEWS
        for (p : 0 .. 2) {
          if
          :: p != me -> SEND_VIEW(CURRENT, p)
          :: else
          fi
        }
#endif
      :: else
      fi;
      decide = 1
    fi
  fi
}

#ifdef NO_FENCE /* an outvoted tracer goes on */
#define OUTVOTED() goOn = 1
#else
#define OUTVOTED() FENCE()
#endif
#define VIEW_OF(j) view[AT(CURRENT, j)]
#define GOOD_OTHER(v) ((v) & 4)

inline DECIDE() {
  if
  :: COUNT(bad) == 2 ->
    p = (me == 0 -> 1 : 0); q = 3 - me - p;
    if
    :: expired || (IS_VOTE(ENTRY(p)) && IS_VOTE(ENTRY(q)) && SAME(ENTRY(p), ENTRY(q))) -> OUTVOTED()
    :: else
    fi
  :: else ->
    p = (bad & 1 -> 0 : (bad & 2 -> 1 : 2)); /* bad */
    q = 3 - me - p; /* good */
#ifdef NO_VIEWS
    FLAG_PEER();
    goOn = 1
#else
    if
#ifdef WAIT_FOR_ACCUSED
    :: !expired && !(VIEW_OF(p) && VIEW_OF(q)) -> skip
    :: expired && !(VIEW_OF(p) && VIEW_OF(q)) -> FENCE()
    :: VIEW_OF(p) && VIEW_OF(q) ->
#else
    :: !VIEW_OF(q) && !IS_DOWN(q) && !expired -> skip
    :: !VIEW_OF(q) && (IS_DOWN(q) || expired) -> FENCE()
    :: VIEW_OF(q) ->
#endif
      if
      :: !GOOD_OTHER(VIEW_OF(q)) -> FLAG_PEER(); goOn = 1
#ifdef NO_VOUCH
      :: GOOD_OTHER(VIEW_OF(q)) -> FLAG_PEER(); goOn = 1
#else
      :: GOOD_OTHER(VIEW_OF(q)) ->
        if
        :: ((VIEW_OF(q) >> 3) & 3) == (ENTRY(me) & 3) ->
          ENTRY(p) = VOTE_OF(ENTRY(me) & 3, VIEW_OF(q) >> 5) | VOUCHED;
          goOn = 1
        :: else -> FENCE()
        fi
#endif
      fi
    fi
#endif
  fi
}

/* What follows a filled entry, a closed table or news about a dispute, in this order. */
inline SETTLE() {
  if
  :: status[me] == RUNNING && arrived && !frozen[me] && k[me] <= K ->
    START_TIMER();
    if
    :: opens == 0 -> closing = 1
    :: else
    fi
  :: else
  fi;
  if
  :: status[me] == RUNNING && closing ->
    for (p : 0 .. 2) {
      if
      :: (members[me] & BIT(p)) && ENTRY(p) == OPEN -> ENTRY(p) = MISSING
      :: else
      fi
    }
    frozen[me] = 1;
    judge = 1
  :: else
  fi;
  if
  :: status[me] == RUNNING && judge -> JUDGE()
  :: else
  fi;
  if
  :: status[me] == RUNNING && decide -> DECIDE()
  :: else
  fi;
  if
  :: status[me] == RUNNING && goOn -> GO_ON()
  :: else
  fi
}

/* ---- events of a tracer ------------------------------------------------------------------------ */

#define SIGNATURE \
  ((HIT(SIGNATURE_AT_SENDER, me, k[me]) && !(VARIANT & 1)) || (HIT(TWO_FACED, me, k[me]) && (VARIANT & 1)) -> \
     WRONG(me) : state[me])

inline SPOIL_STATE() {
  if
  :: HIT(REPLICA_WRONG, me, k[me]) || HIT(EARLY_WRONG, me, k[me]) ||
     (HIT(ROGUE, me, k[me]) && (VARIANT & 1)) -> state[me] = WRONG(me)
  :: else
  fi
}

/* R1: the own replica reached its rendezvous. */
inline OWN_VOTE() {
  x = VOTE_OF(SIGNATURE, (HIT(INPUTS_AT_SENDER, me, k[me]) -> WRONG_CLOCK : CLOCK(me, k[me])));
  printf("EV tracer=%d t=%d own-vote k=%d vote=%d\n", me + 1, tick, k[me], x);
  ENTRY(me) = x;
  for (p : 0 .. 2) {
    if
    :: p != me && (members[me] & BIT(p)) -> SEND(p, VOTE, k[me], x, direct[OF(PREVIOUS)], 0)
    :: else
    fi
  }
  for (p : 0 .. 2) {
    if
    :: p != me && (members[me] & BIT(p)) && !IS_VOTE(ENTRY(p)) -> ACCEPT_HELD(p)
    :: else
    fi
  }
  START_TIMER();
  if
  :: timer[me] == OFF -> timer[me] = ALONE; left[me] = T; answer[me] = NEVER
  :: else
  fi;
  arrived = 1
}

/* A tracer that waits for nobody, believes nobody and never fences. */
inline ROGUE_RUNS_AHEAD() {
  x = VOTE_OF(state[me], CLOCK(me, k[me]));
  OUT((me == 0 -> 1 : 0), VOTE, k[me], x, 7 & ~BIT(me), 0);
  OUT((me == 2 -> 1 : 2), VOTE, k[me], x, 7 & ~BIT(me), 0);
  OUT(SERVER, REQUEST, k[me], state[me], 0, 0);
  if
  :: HAS_OUTPUT(k[me]) -> OUT(MONITOR, REQUEST, k[me], state[me], 0, 0)
  :: else
  fi;
  k[me]++;
  if
  :: k[me] > K -> computing[me] = 0
  :: else -> computing[me] = 1
  fi
}

inline FALSE_NOTICES() {
  if
  :: HIT(FALSE_NOTICE, me, k[me]) && (VARIANT & 1) -> OUT(SERVER, FLAG, 0, 0, 0, 0)
  :: else
  fi;
  if
  :: HIT(FALSE_NOTICE, me, k[me]) && (VARIANT & 2) -> OUT(MONITOR, FLAG, 0, 0, 0, 0)
  :: else
  fi;
  if
  :: HIT(ROGUE, me, k[me]) && (VARIANT & 4) ->
    OUT(SERVER, FLAG, 0, 0, 0, 0); OUT(MONITOR, FLAG, 0, 0, 0, 0);
    OUT(SERVER, FLAG, 3 - me, 0, 0, 0); OUT(MONITOR, FLAG, 3 - me, 0, 0, 0)
  :: else
  fi
}

/* A tracer that votes right, and sends each peer the vote that the other one is to cast. */
inline FORGE() {
  if
  :: FROM_HIT(FORGED_RELAY, me, k[me]) ->
    OUT((me == 0 -> 1 : 0), RELAY, k[me], VOTE_OF(state[me], CLOCK((me == 2 -> 1 : 2), k[me])), (me == 2 -> 2 : 3), 1);
    OUT((me == 2 -> 1 : 2), RELAY, k[me], VOTE_OF(state[me], CLOCK((me == 0 -> 1 : 0), k[me])), (me == 0 -> 2 : 1), 1)
  :: else
  fi
}

inline ARRIVE() {
  computing[me] = 0; earliest[me] = 0;
  SPOIL_STATE();
  FALSE_NOTICES();
  cast[me] = (FROM_HIT(WRONG_SEAL, me, k[me]) -> cast[me] : k[me]);
  if
  :: HIT(ROGUE, me, k[me]) ->
    rogue[me] = 1; timer[me] = OFF; left[me] = 0; answer[me] = NEVER;
    printf("HOST tracer=%d turns rogue\n", me + 1)
  :: else
  fi;
  if
  :: rogue[me] -> ROGUE_RUNS_AHEAD()
  :: else -> OWN_VOTE(); FORGE()
  fi;
  START_AGE()
}

/* P3 counts from both healthy votes; of wrong ones, from the wrong vote too; see also PASS. */
inline START_AGE() {
  if
  :: SINGLE && age == AGE_OFF && (MUST_FALL || FAULT == REPLICA_SLOW) && !HARMLESS_RUN &&
     FAULT != ROGUE && cast[0] >= at && cast[1] >= at && (cast[2] >= at || !MUST_FALL) -> age = 0
  :: else
  fi
}

/* R1, a peer's vote over its own link. */
inline PEER_VOTE() {
  if
  :: VOTE_SEALED && table != NO_TABLE && (members[me] & BIT(from)) ->
    if
    :: direct[OF(table)] & BIT(from) -> skip
    :: else ->
      direct[OF(table)] = direct[OF(table)] | BIT(from);
      /* R4: relay mode ends at the first mask that holds the other peer. */
      if
      :: mb & BIT(OTHER) -> relayFor[me] = relayFor[me] & ~BIT(from)
      :: else
      fi;
      PASS_ON(table, from, mk, ma, mc)
    fi;
    if
#ifdef NO_EARLY
    :: table == NEXT -> skip
#endif
    :: table != PREVIOUS && MAY_FILL(table, from) ->
      entry[AT(table, from)] = ma;
#ifdef PAIR_SEALS
      unsealed[OF(table)] = unsealed[OF(table)] | (mc << from);
#endif
      if
      :: table == CURRENT && frozen[me] -> judge = 1
      :: table == CURRENT && !frozen[me] -> arrived = 1
      :: else
      fi
    :: else
    fi
  :: else
  fi
}

/* R4. */
inline RELAYED_VOTE() {
  p = mb - 1;
  if
  :: SEALED && (table == CURRENT || table == NEXT) && p != me && (members[me] & BIT(from)) &&
     (members[me] & BIT(p)) ->
    if
    :: !held[AT(table, p)] && MAY_FILL(table, p) ->
      held[AT(table, p)] = ma;
      if
      :: table == CURRENT && IS_VOTE(ENTRY(me)) ->
        ACCEPT_HELD(p);
        if
        :: !frozen[me] -> arrived = 1
        :: else
        fi
      :: else
      fi
    :: else
    fi
  :: else
  fi
}

inline ANSWER_ASK() {
  if
#ifdef NO_HISTORY_OF_VOTES
  :: table != NO_TABLE && table != PREVIOUS && (members[me] & BIT(from)) ->
#else
  :: table != NO_TABLE && (members[me] & BIT(from)) ->
#endif
    for (p : 0 .. 2) {
      if
      :: (ma & BIT(p)) && p != from && (members[me] & BIT(p)) ->
        if
        :: IS_VOTE(entry[AT(table, p)]) ->
          SEND(from, RELAY, mk, PLAIN(entry[AT(table, p)]), p + 1, UNSEALED(table, p))
        :: !IS_VOTE(entry[AT(table, p)]) && p != me -> askers[OF(table)] = askers[OF(table)] | BIT(p)
        :: else
        fi;
#ifndef NO_RELAY_MODE
        if
        :: p != me -> relayFor[me] = relayFor[me] | BIT(from)
        :: else
        fi
#endif
      :: else
      fi
    }
  :: else
  fi
}

#define HOLDS_ME_BAD(v) (((v) & 1) && !((v) & 2))

/* R7. */
inline PEER_VIEW() {
  if
  :: table != NO_TABLE && (members[me] & BIT(from)) && !view[AT(table, from)] ->
    x = (from == 0 -> ma : (from == 1 -> mb : mc));
    y = (me == 0 -> ma : (me == 1 -> mb : mc));
    z = (OTHER == 0 -> ma : (OTHER == 1 -> mb : mc));
    view[AT(table, from)] = (!IS_VOTE(x) -> 2 :
      (1 | (IS_VOTE(y) && SAME(x, y) -> 2 : 0) | (IS_VOTE(z) && SAME(x, z) -> 4 : 0) |
       ((x & 3) << 3) | (INPUTS(z) << 5)));
    if
#ifndef NO_OUTVOTED
    :: COUNT(members[me]) == 3 && HOLDS_ME_BAD(view[AT(table, from)]) &&
       HOLDS_ME_BAD(view[AT(table, OTHER)]) -> FENCE()
    :: !(COUNT(members[me]) == 3 && HOLDS_ME_BAD(view[AT(table, from)]) &&
         HOLDS_ME_BAD(view[AT(table, OTHER)])) ->
#else
    :: true ->
#endif
      if
#ifndef NO_HISTORY_OF_VIEWS
      :: table == PREVIOUS -> SEND_VIEW(PREVIOUS, from)
#endif
      :: table == CURRENT && frozen[me] -> judge = 1
#ifdef NO_AFTER_CLOSE
      :: table == NEXT || (table == CURRENT && !frozen[me]) -> SEND_VIEW(table, from)
#endif
      :: else
      fi
    fi
  :: else
  fi
}

inline PEER_DOWN() {
  if
  :: (members[me] & BIT(from)) && IS_DOWN(from) ->
    if
    :: !frozen[me] && ENTRY(from) == OPEN -> ENTRY(from) = DOWN
    :: else
    fi;
    if
    :: frozen[me] -> judge = 1
    :: else -> arrived = 1
    fi
  :: else
  fi
}

inline LINK_CLOSED() {
  closed[me] = closed[me] | BIT(from);
  shut[me] = shut[me] | BIT(from);
  if
  :: timer[me] == ENDING -> END_IF_NOBODY_NEEDS_ME()
  :: else ->
    /* R5: cut off from all members before DONE. */
    x = members[me] & PEER_MASK;
    if
#ifndef NO_LEAVE
    :: x && (closed[me] & ~done[me] & x) == x && COUNT(x) == 2 -> FENCE()
#endif
#ifndef TIMEOUT_ONLY
    :: x && (closed[me] & ~done[me] & x) == x && COUNT(x) == 1 -> STOP_SESSION()
#endif
    :: else -> PEER_DOWN()
    fi
  fi
}

inline RECEIVE() {
  LINK(from, me)?type,ma,mb,mc;
  mk = type & 7;
  type = type >> 3;
  table = (mk + 1 == k[me] -> PREVIOUS : (mk == k[me] -> CURRENT : (mk == k[me] + 1 -> NEXT : NO_TABLE)));
  if
  :: rogue[me] ->
    if
    :: type == CLOSE -> closed[me] = closed[me] | BIT(from); shut[me] = shut[me] | BIT(from)
    :: type == VIEW && (VARIANT & 2) ->
      /* Everybody else is missing. */
      OUT(from, VIEW, mk, (me == 0 -> VOTE_OF(STALE, 0) : MISSING),
        (me == 1 -> VOTE_OF(STALE, 0) : MISSING), (me == 2 -> VOTE_OF(STALE, 0) : MISSING))
    :: else
    fi
  :: else ->
    if
    :: type == CLOSE -> printf("EV tracer=%d t=%d link-closed peer=%d\n", me + 1, tick, from + 1)
    :: else ->
      printf("EV tracer=%d t=%d message from=%d type=%d k=%d a=%d b=%d c=%d\n", me + 1, tick,
        from + 1, type, mk, ma, mb, mc)
    fi;
    if
    :: type == VOTE -> PEER_VOTE()
    :: type == RELAY -> RELAYED_VOTE()
    :: type == VIEW -> PEER_VIEW()
    :: type == ASK -> ANSWER_ASK()
    :: type == DOWN_MSG -> dead[me] = dead[me] | BIT(from); PEER_DOWN()
    :: type == DONE -> done[me] = done[me] | BIT(from); END_IF_NOBODY_NEEDS_ME()
    :: type == PING_MSG && (members[me] & BIT(from)) -> SEND(from, PONG, 0, 0, 0, 0)
    :: type == PONG ->
      if
      :: timer[me] == ALONE && answer[me] != NEVER -> answer[me] = T
      :: else
      fi
    :: type == CLOSE -> LINK_CLOSED()
    :: else
    fi
  fi
}

inline TIMER() {
  printf("EV tracer=%d t=%d timer\n", me + 1, tick);
  if
  :: timer[me] == ENDING -> printf("EF ended\n"); LEAVE(ENDED)
  :: timer[me] == WAIT ->
    if
    :: left[me] == 0 -> closing = 1
    :: else ->
      asked[me] = 1;
      x = 0;
      for (p : 0 .. 2) {
        if
        :: p != me && (members[me] & BIT(p)) && !IS_VOTE(ENTRY(p)) -> x = x | BIT(p)
        :: else
        fi
      }
      for (p : 0 .. 2) {
        if
        :: p != me && (members[me] & BIT(p)) -> SEND(p, ASK, k[me], x, 0, 0)
        :: else
        fi
      }
    fi
  :: timer[me] == ALONE ->
#ifdef NO_R3
    FENCE()
#else
    if
    :: answer[me] == NEVER -> answer[me] = T
    :: else
    fi;
    if
    :: answer[me] == 0 -> FENCE()
    :: else ->
      left[me] = PING;
      for (p : 0 .. 2) {
        if
        :: p != me && (members[me] & BIT(p)) -> SEND(p, PING_MSG, 0, 0, 0, 0)
        :: else
        fi
      }
    fi
#endif
  :: timer[me] == DISPUTE -> expired = 1; judge = 1
  fi
}

/* The replica computes until its next rendezvous. */
inline COMPUTE() {
  computing[me] = 1 + SKEW; earliest[me] = 0;
  if
  :: HIT(REPLICA_SLOW, me, k[me]) -> computing[me] = 1 + SKEW + SLOW
  :: IS(FORGED_RELAY) && me == 1 -> earliest[me] = SKEW
  :: (IS(EARLY_WRONG) || IS(ROGUE) || IS(REPLICA_FAST)) && k[me] == at ->
    if
    :: me == 2 -> computing[me] = 1
    :: else -> computing[me] = 1 + SKEW + BURST; earliest[me] = BURST
    fi
  :: else
  fi
}

/* R10. */
inline END() {
  printf("EV tracer=%d t=%d end\n", me + 1, tick);
  REPORT_DETOURS();
  timer[me] = ENDING; left[me] = T + 2 * D;
  for (p : 0 .. 2) {
    if
    :: p != me && (members[me] & BIT(p)) -> SEND(p, DONE, 0, 0, 0, 0)
    :: else
    fi
  }
#ifdef NO_R10
  printf("EF ended\n");
  LEAVE(ENDED)
#else
  END_IF_NOBODY_NEEDS_ME()
#endif
}

#ifdef COMPARE_RECEIVED
#define COMPUTED (HIT(REQUEST_CORRUPTED, me, k[me] - 1) -> WRONG(me) : state[me])
#else
#define COMPUTED state[me]
#endif

/* R12, R13: a service's reply. */
inline REPLIED() {
  x = reply[me];
  reply[me] = 0;
  callNext = 1;
  if
  :: waiting[me] == SERVER ->
    if
#ifndef NO_EXECUTED
    :: ((x >> 1) & 3) != COMPUTED -> HOST_FENCE(); callNext = 0
#endif
    :: else ->
      if
      :: (x >> 3) && state[me] == 0 -> state[me] = STALE
      :: else
      fi;
      if
      :: HAS_OUTPUT(k[me] - 1) ->
        waiting[me] = MONITOR;
        OUT(MONITOR, REQUEST, k[me] - 1, state[me], 0, 0);
        callNext = 0
      :: else
      fi
    fi
  :: else
  fi;
  if
  :: callNext ->
    waiting[me] = 0;
    if
    :: k[me] > K -> END()
    :: else -> COMPUTE()
    fi
  :: else
  fi
}

/* ---- NFS server and monitor -------------------------------------------------------------------- */

#ifdef NO_TWO_NOTICES
#define NOTICES 1
#else
#define NOTICES 2
#endif

/* R12, R13: a flag counts when two unflagged replicas other than the accused sent it. */
inline NOTICE(nService, nAccused) {
  if
  :: me == nAccused || (flagged[nService] & BIT(nAccused)) -> skip
  :: else ->
#ifndef NO_DUPLEX_NOTICE
    /* R15: of two nobody can say who is right. */
    if
    :: COUNT(7 & ~flagged[nService]) == 2 -> stop = 1
    :: else
    fi;
#endif
    accusers[(nService) * 3 + nAccused] = accusers[(nService) * 3 + nAccused] | BIT(me);
    if
    :: COUNT(accusers[(nService) * 3 + nAccused] & ~flagged[nService]) >= NOTICES ->
      CHECK(2, !SINGLE || MAY_FALL(nAccused));
      flagged[nService] = flagged[nService] | BIT(nAccused);
      if
      :: status[nAccused] == RUNNING -> cut[nAccused] = 1
      :: else
      fi
    :: else
    fi
  fi
}

#define UNFLAGGED(service, a, i) ((flagged[service] & BIT(i)) -> 0 : a[x + (i)])
/* Into q: 1 + the digest that two unflagged replicas sent for the slot whose digests begin at x, or 0. */
#define QUORUM(service, a) \
  q = (UNFLAGGED(service, a, 0) && UNFLAGGED(service, a, 0) == UNFLAGGED(service, a, 1) -> a[x] : \
    (UNFLAGGED(service, a, 2) && (UNFLAGGED(service, a, 2) == UNFLAGGED(service, a, 0) || \
       UNFLAGGED(service, a, 2) == UNFLAGGED(service, a, 1)) -> a[x + 2] : 0))
#define PRESENT(service) (7 & ~(flagged[service] | gone[service]))
#define SENT(a) ((a[x] -> 1 : 0) | (a[x + 1] -> 2 : 0) | (a[x + 2] -> 4 : 0))
/* All who are there have sent, and no two are equal. */
#define HOPELESS(service, a) \
  (q == 0 && COUNT(PRESENT(service)) >= 2 && (PRESENT(service) & ~SENT(a)) == 0)

#define WRITES_BEFORE(c) ((c) > 2 -> (c) - 2 : (c) - 1)

inline WRITE(dig) {
  executed[mk - 1] = BIT(dig);
  if
  :: (dig) != 0 || writes != WRITES_BEFORE(mk) ->
    CHECK(1, !SINGLE);
    wrongVolume = 1
  :: else
  fi;
  writes++
}

inline READ(dig) {
  executed[mk - 1] = executed[mk - 1] | BIT(dig) |
    ((dig) != 0 || writes != WRITES_BEFORE(mk) || wrongVolume -> BIT(dig) << 4 : 0)
}

/* A read whose first digest was the odd one runs again for the two that agree (ARCHITECTURE.md). */
#ifdef NO_REPLY_PER_DIGEST
#define READ_AGAIN (executed[mk - 1] == 0)
#else
#define READ_AGAIN true
#endif

/* R12: one execution a slot, in order, one reply. */
inline RUN_CALLS() {
  z = 1; /* the slot before holds two equal digests */
  for (mk : 1 .. K) {
    x = (mk - 1) * 3;
    QUORUM(0, digest);
    if
#ifdef NO_SLOT_ORDER
    :: SENT(digest) ->
#else
    :: z && SENT(digest) ->
#endif
      if
      :: !IS_READ(mk) ->
        if
#ifdef NO_TWO_DIGESTS
        :: executed[mk - 1] == 0 -> WRITE(digest[x + me] - 1)
#else
        :: executed[mk - 1] == 0 && q -> WRITE(q - 1)
#endif
        :: else
        fi
      :: else ->
        for (p : 0 .. 2) {
          y = UNFLAGGED(0, digest, p);
          if
          :: y && !(executed[mk - 1] & BIT(y - 1)) && (q == 0 || y == q) && READ_AGAIN -> READ(y - 1)
          :: else
          fi
        }
      fi;
      for (p : 0 .. 2) {
        y = UNFLAGGED(0, digest, p);
        if
        :: y && !(answered[mk - 1] & BIT(p)) ->
#ifdef NO_REPLY_PER_DIGEST
          y = (executed[mk - 1] & 1 -> 1 : (executed[mk - 1] & 2 -> 2 :
            (executed[mk - 1] & 4 -> 3 : (executed[mk - 1] & 8 -> 4 : 0))));
#else
          y = ((executed[mk - 1] & BIT(y - 1)) -> y : q);
#endif
          if
          :: y && (executed[mk - 1] & BIT(y - 1)) ->
            answered[mk - 1] = answered[mk - 1] | BIT(p);
            if
            :: status[p] == RUNNING && !rogue[p] ->
              reply[p] = 1 | ((y - 1) << 1) | ((executed[mk - 1] >> 4) & BIT(y - 1) -> 8 : 0)
            :: else
            fi
          :: else
          fi
        :: else
        fi
      }
#ifndef NO_QUORUM_STOP
      if
      :: HOPELESS(0, digest) -> printf("SERVER no quorum\n"); stop = 1
      :: else
      fi
#endif
    :: else
    fi;
    z = (q != 0)
  }
}

inline SERVE() {
  toServer[me]?x;
  type = x & 7; mk = (x >> 3) & 7; ma = x >> 6;
  if
  :: type == 0 -> gone[0] = gone[0] | BIT(me)
  :: (flagged[0] & BIT(me)) && type != 0 -> skip
  :: !(flagged[0] & BIT(me)) && type == 1 -> digest[(mk - 1) * 3 + me] = 1 + ma
  :: !(flagged[0] & BIT(me)) && type == 2 -> NOTICE(0, mk)
  fi;
  if
  :: (flagged[0] & BIT(me)) && type != 0 -> skip
  :: else -> RUN_CALLS()
  fi
}

/* R13: one sequence of slots, each on two equal digests. */
inline RUN_SLOTS() {
  z = 1;
  for (mk : 1 .. 2) {
    x = (mk - 1) * 3;
    QUORUM(1, outDigest);
    if
    :: z && SENT(outDigest) ->
      if
#ifdef NO_OUTPUT_VOTE
      :: outExecuted[mk - 1] == 0 -> q = outDigest[x + me];
#else
      :: outExecuted[mk - 1] == 0 && q ->
#endif
        CHECK((SINGLE -> 1 : 6), q == 1);
        outExecuted[mk - 1] = q;
        outputs++
      :: else ->
        if
        :: outExecuted[mk - 1] == 0 && HOPELESS(1, outDigest) -> printf("MONITOR no two equal\n"); stop = 1
        :: else
        fi
      fi;
      if
      :: outExecuted[mk - 1] ->
        for (p : 0 .. 2) {
          if
          :: UNFLAGGED(1, outDigest, p) && !(outAnswered[mk - 1] & BIT(p)) ->
            outAnswered[mk - 1] = outAnswered[mk - 1] | BIT(p);
            if
            /* Its own word has shown it faulty. */
            :: status[p] == RUNNING && outDigest[x + p] != outExecuted[mk - 1] -> cut[p] = 1
            :: status[p] == RUNNING && !rogue[p] && outDigest[x + p] == outExecuted[mk - 1] -> reply[p] = 1
            :: else
            fi
          :: else
          fi
        }
      :: else
      fi
    :: else
    fi;
    z = (outExecuted[mk - 1] != 0)
  }
}

inline MONITOR_READS() {
  toMonitor[me]?x;
  type = x & 7; mk = (x >> 3) & 7; ma = x >> 6;
  if
  :: type == 0 ->
    gone[1] = gone[1] | BIT(me);
    if
    :: outputs < 2 && COUNT(PRESENT(1)) < 2 -> printf("MONITOR too few\n"); stop = 1
    :: else
    fi
  :: (flagged[1] & BIT(me)) && type != 0 -> skip
  :: !(flagged[1] & BIT(me)) && type == 1 -> outDigest[(mk - K + 1) * 3 + me] = 1 + ma
  :: !(flagged[1] & BIT(me)) && type == 2 -> NOTICE(1, mk)
  :: !(flagged[1] & BIT(me)) && type == 3 ->
    if
    :: outputs < 2 -> printf("MONITOR stopped by tracer %d\n", me + 1); stop = 1
    :: else
    fi
  fi;
  if
  :: (flagged[1] & BIT(me)) && type != 0 -> skip
  :: else -> RUN_SLOTS()
  fi
}

/* ---- time ------------------------------------------------------------------------------------ */

#define ASKS(i) (left[i] <= T - Q && !asked[i] && left[i] > 0)
#ifdef NO_ASK
#define ASK_DUE(i) false
#else
#define ASK_DUE(i) ASKS(i)
#endif
#define OWN(i) IS_VOTE(entry[9 + (i) * 3 + (i)])
#define DUE(i) \
  ((timer[i] == WAIT && OWN(i) && (left[i] == 0 || ASK_DUE(i))) || \
   (timer[i] == ALONE && (left[i] == 0 || answer[i] == 0)) || \
   (timer[i] >= DISPUTE && left[i] == 0))
#define P1_OF(i) ((i) == 0 -> 1 : 0)
#define P2_OF(i) ((i) == 2 -> 1 : 2)
#ifdef NO_R9
#define DEAF(i) (waiting[i])
#else
#define DEAF(i) false
#endif
#define ACTS(i) (status[i] == RUNNING && !stopped[i])
#define DRAINED(i) \
  (DEAF(i) || ((len(LINK(P1_OF(i), i)) == 0) && (len(LINK(P2_OF(i), i)) == 0)))
#define CAN_RECEIVE(f, t) (ACTS(t) && !DEAF(t) && (len(LINK(f, t)) > 0))
#define CAN_ARRIVE(i) (ACTS(i) && computing[i] && earliest[i] == 0)
#define CAN_FIRE(i) (ACTS(i) && DUE(i) && DRAINED(i) && !reply[i])
#define QUIET(i) \
  (!ACTS(i) || (DRAINED(i) && !reply[i] && !cut[i] && computing[i] != 1 && !DUE(i) && !lossy[i]))
#define GOES_ON(i) \
  (status[i] == RUNNING && (stopped[i] || computing[i] > 1 || (timer[i] && left[i])))
#define SERVICES_QUIET \
  ((len(toServer[0]) == 0) && (len(toServer[1]) == 0) && (len(toServer[2]) == 0) && \
   (len(toMonitor[0]) == 0) && (len(toMonitor[1]) == 0) && (len(toMonitor[2]) == 0))
/* Without anything to wait for time stands still: a hang is a deadlock (P5). */
#define CAN_TICK \
  (QUIET(0) && QUIET(1) && QUIET(2) && SERVICES_QUIET && \
   (GOES_ON(0) || GOES_ON(1) || GOES_ON(2)))
#define GONE(i) (status[i] != RUNNING || rogue[i])
#define OVER (stop || (GONE(0) && GONE(1) && GONE(2) && SERVICES_QUIET))

#ifndef IDLE_MAX
#define IDLE_MAX (STOP + BURST + SLOW + 4 * T)
#endif

#define PINGS(i) (timer[i] == ALONE && answer[i] != NEVER)

inline PASS() {
  printf("TICK\n");
  tick++;
  for (p : 0 .. 2) {
    left[p] = (left[p] > 0 -> left[p] - 1 : 0);
    answer[p] = (answer[p] == NEVER || answer[p] == 0 -> answer[p] : answer[p] - 1);
    computing[p] = (computing[p] > 1 -> computing[p] - 1 : computing[p]);
    earliest[p] = (earliest[p] > 0 -> earliest[p] - 1 : 0);
    stopped[p] = (stopped[p] > 0 -> stopped[p] - 1 : 0)
  }
  if
  :: SINGLE && age == AGE_OFF && MAY_FALL(2) &&
     (status[2] != RUNNING || stopped[2] || FAULT == WRONG_SEAL) &&
     cast[0] > cast[2] && cast[1] > cast[2] -> age = 0
  :: age < 200 ->
    if
    :: !(members[0] & 4) && !(members[1] & 4) -> age = 254
    :: FAULT == REPLICA_SLOW && cast[2] >= at -> age = 254
    :: else -> age = (age > BOUND -> age : age + 1)
    fi
  :: else
  fi;
  /* P5: of all waits only R3's has no end of its own; every other timer runs once a rendezvous, and
     a wait without a timer is a deadlock. */
  idle = (PINGS(0) || PINGS(1) || PINGS(2) -> idle + 1 : 0);
  CHECK(5, idle < IDLE_MAX)
}

/* ---- the whole ------------------------------------------------------------------------------- */

#define ARRIVES 1
#define RECEIVES 2
#define FIRES 3
#define IS_REPLIED 4
#define IS_CUT 5
#define SERVES 6
#define MONITORS 7
#define TICKS 8
#define CRASH_BEGINS 9
#define CRASH_ENDS 10
#define DIES 11
#define STOPS 12
#define RESETS 13
#define LINK_DIES 14

/* The moment of a fault that may come at any time of rendezvous `at` (K + 1: of the end). */
#define MOMENT(kind) (FAULT == (kind) && !fired && ACTS(2) && k[2] == at)
#define MOMENT2(kind) (FAULT2 == (kind) && !fired2 && ACTS(1) && k[1] == at2)
#define LINK_MOMENT(kind) \
  ((FAULT == (kind) && !fired && k[1] == at || FAULT2 == (kind) && !fired2 && k[1] == at2))

inline RESET_ONE(f, t) {
  if
  :: (shut[f] & BIT(t)) || (closed[t] & BIT(f)) -> skip
  :: else -> LINK(f, t)!(CLOSE * 8),0,0,0
  fi;
  shut[f] = shut[f] | BIT(t)
}

/* Faults of a link. */
inline LINK_FAULT() {
  if
  :: ev == RESETS ->
    printf("HOST link 1-2 is reset\n");
    RESET_ONE(0, 1); RESET_ONE(1, 0)
  :: FAULT == CUT_OFF && me == 2 && variant == 1 ->
    printf("HOST links of 3 are reset\n");
    RESET_ONE(0, 2); RESET_ONE(2, 0); RESET_ONE(1, 2); RESET_ONE(2, 1)
  :: else
  fi;
  if
  :: FAULT2 != NONE && !LINK_KIND(FAULT) && me == 1 -> fired2 = 1
  :: else -> fired = 1
  fi
}

/* Cuts by a service, and faults of a tracer. */
inline OTHER_EVENT() {
  if
  :: me == 2 && ev != IS_CUT -> fired = 1
  :: me == 1 && ev != IS_CUT -> fired2 = 1
  :: else
  fi;
  if
  :: ev == IS_CUT ->
    cut[me] = 0;
    if
    :: rogue[me] || timer[me] == ENDING -> skip
    :: else -> HOST_FENCE()
    fi
  :: ev == CRASH_BEGINS ->
    /* mb: of the parties 1, 2 or 3, the other peer, the server, the monitor. */
    lossy[me] = 1 + ((mb & 1) | (mb & 2 -> (me == 1 -> 4 : 2) : 0) | ((mb & 12) << 1))
  :: ev == CRASH_ENDS -> printf("HOST tracer=%d crashes\n", me + 1); LEAVE(CRASHED)
  :: ev == STOPS ->
    printf("HOST tracer=%d stops\n", me + 1);
    stopped[me] = STOP
  :: ev == DIES ->
    printf("EV tracer=%d t=%d replica-dead\n", me + 1, tick);
    for (p : 0 .. 2) {
      if
      :: p != me && (members[me] & BIT(p)) -> SEND(p, DOWN_MSG, 0, 0, 0, 0)
      :: else
      fi
    }
    FENCE()
  fi
}

inline START() {
  for (me : 0 .. 2) {
    for (p : 0 .. 2) {
      entry[AT(PREVIOUS, p)] = VOTE_OF(0, CLOCK(p, 0))
    }
    direct[OF(PREVIOUS)] = PEER_MASK;
    k[me] = 1;
    members[me] = 7;
    agreed[me] = 2;
    answer[me] = NEVER;
    COMPUTE()
  }
  age = AGE_OFF
}

/* P1, P3-P5 of a session that is over. */
inline CHECK_END() {
  if
  :: SINGLE ->
    CHECK(5, !stop && outputs == 2);
    for (me : 0 .. 2) {
      CHECK(5, status[me] == ENDED || MAY_FALL(me));
      CHECK(4, MAY_FALL(me) || members[me] == (7 & ~flagged[0]))
    }
    CHECK(4, flagged[0] == flagged[1]);
    CHECK(3, !MAY_FALL(2) || !(MUST_FALL || cast[2] < K) || flagged[0] == 4)
  :: else ->
    CHECK(6, stop || outputs < 2 || !wrongVolume)
  fi
}

#define EVENT(e, who) ev = e; me = who

#define S(i) (len(toServer[i]) == 0)
#define S_QUIET (S(0) && S(1) && S(2))
#define M(i) (len(toMonitor[i]) == 0)
#define HEARS(i) (ACTS(i) && reply[i] && !(k[i] > K && waiting[i] == MONITOR))

#define ANY_EVENT \
  :: CAN_ARRIVE(0) -> EVENT(ARRIVES, 0) \
  :: CAN_ARRIVE(1) -> EVENT(ARRIVES, 1) \
  :: CAN_ARRIVE(2) -> EVENT(ARRIVES, 2) \
  :: CAN_RECEIVE(1, 0) -> EVENT(RECEIVES, 0); from = 1 \
  :: CAN_RECEIVE(2, 0) -> EVENT(RECEIVES, 0); from = 2 \
  :: CAN_RECEIVE(0, 1) -> EVENT(RECEIVES, 1); from = 0 \
  :: CAN_RECEIVE(2, 1) -> EVENT(RECEIVES, 1); from = 2 \
  :: CAN_RECEIVE(0, 2) -> EVENT(RECEIVES, 2); from = 0 \
  :: CAN_RECEIVE(1, 2) -> EVENT(RECEIVES, 2); from = 1 \
  :: CAN_FIRE(0) -> EVENT(FIRES, 0) \
  :: CAN_FIRE(1) -> EVENT(FIRES, 1) \
  :: CAN_FIRE(2) -> EVENT(FIRES, 2) \
  :: ACTS(0) && reply[0] -> EVENT(IS_REPLIED, 0) \
  :: ACTS(1) && reply[1] -> EVENT(IS_REPLIED, 1) \
  :: ACTS(2) && reply[2] -> EVENT(IS_REPLIED, 2) \
  :: ACTS(0) && cut[0] -> EVENT(IS_CUT, 0) \
  :: ACTS(1) && cut[1] -> EVENT(IS_CUT, 1) \
  :: ACTS(2) && cut[2] -> EVENT(IS_CUT, 2) \
  :: CAN_TICK -> EVENT(TICKS, 0) \
  :: MOMENT(TRACER_CRASH) -> EVENT(CRASH_BEGINS, 2); select(mb : 0 .. 15) \
  :: MOMENT2(TRACER_CRASH) -> EVENT(CRASH_BEGINS, 1); select(mb : 0 .. 15) \
  :: lossy[1] -> EVENT(CRASH_ENDS, 1) \
  :: lossy[2] -> EVENT(CRASH_ENDS, 2) \
  :: MOMENT(REPLICA_KILL) && timer[2] != ENDING -> EVENT(DIES, 2) \
  :: MOMENT2(REPLICA_KILL) && timer[1] != ENDING -> EVENT(DIES, 1) \
  :: MOMENT(TRACER_STOPPED) -> EVENT(STOPS, 2) \
  :: MOMENT2(TRACER_STOPPED) -> EVENT(STOPS, 1) \
  :: LINK_MOMENT(LINK_RESET) -> EVENT(RESETS, 1) \
  :: LINK_MOMENT(LINK_DEAD) -> EVENT(LINK_DIES, 1) \
  :: MOMENT(CUT_OFF) -> EVENT(LINK_DIES, 2)

active proctype World() {
  atomic {
    select(at : AT_MIN .. AT_MAX);
    select(variant : 0 .. VARIANTS);
    if
    :: FAULT2 != NONE -> select(at2 : AT2_MIN .. AT2_MAX); select(variant2 : 0 .. VARIANTS2)
    :: else
    fi;
    skip;
    d_step {
      printf("FAULT at=%d variant=%d at2=%d variant2=%d\n", at, variant, at2, variant2);
      START()
    }
  }
  do
  :: OVER -> break
  :: atomic { !OVER ->
    if
#ifdef PROMPT
    /* Reduction: services receive, and answer, in the order of sending; a reply that only lets the
       replica compute is heard at once, since the arrival that it leads to may wait all the same. */
    :: len(toServer[0]) > 0 -> EVENT(SERVES, 0)
    :: S(0) && len(toServer[1]) > 0 -> EVENT(SERVES, 1)
    :: S(0) && S(1) && len(toServer[2]) > 0 -> EVENT(SERVES, 2)
    :: S_QUIET && len(toMonitor[0]) > 0 -> EVENT(MONITORS, 0)
    :: S_QUIET && M(0) && len(toMonitor[1]) > 0 -> EVENT(MONITORS, 1)
    :: S_QUIET && M(0) && M(1) && len(toMonitor[2]) > 0 -> EVENT(MONITORS, 2)
    :: SERVICES_QUIET && HEARS(0) -> EVENT(IS_REPLIED, 0)
    :: SERVICES_QUIET && !HEARS(0) && HEARS(1) -> EVENT(IS_REPLIED, 1)
    :: SERVICES_QUIET && !HEARS(0) && !HEARS(1) && HEARS(2) -> EVENT(IS_REPLIED, 2)
    :: SERVICES_QUIET && !HEARS(0) && !HEARS(1) && !HEARS(2) ->
      if
      ANY_EVENT
      fi
#else
    ANY_EVENT
    :: len(toServer[0]) > 0 -> EVENT(SERVES, 0)
    :: len(toServer[1]) > 0 -> EVENT(SERVES, 1)
    :: len(toServer[2]) > 0 -> EVENT(SERVES, 2)
    :: len(toMonitor[0]) > 0 -> EVENT(MONITORS, 0)
    :: len(toMonitor[1]) > 0 -> EVENT(MONITORS, 1)
    :: len(toMonitor[2]) > 0 -> EVENT(MONITORS, 2)
#endif
    fi;
    /* What the faulty tracer does to this event's votes, to each peer, and to its relays. Of these none is
       withheld: a badly sealed one is a message without effect. */
    if
    :: ev == ARRIVES && FROM_HIT(WRONG_SEAL, me, k[me]) ->
      select(z : 0 .. 8); seals = (z % 3) | ((z / 3) << 2)
    :: ev == RECEIVES && FROM_HIT(WRONG_SEAL, me, k[me]) -> select(z : 0 .. 1); seals = z * 5
    :: else -> seals = 0
    fi;
    /* In parts, since the length of a d_step is bounded; the atomic joins them. */
    if
    :: ev == TICKS -> d_step { PASS() }
    :: ev == SERVES -> d_step { SERVE() }
    :: ev == MONITORS -> d_step { MONITOR_READS() }
    :: ev >= RESETS -> d_step { LINK_FAULT() }
    :: ev < SERVES || (ev > TICKS && ev < RESETS) ->
      d_step {
        arrived = 0; closing = 0; judge = 0; decide = 0; expired = 0; goOn = 0; outs = 0;
        if
        :: ev == ARRIVES -> ARRIVE()
        :: ev == RECEIVES -> RECEIVE()
        :: ev == FIRES -> TIMER()
        :: ev == IS_REPLIED -> REPLIED()
        :: else -> OTHER_EVENT()
        fi
      }
      d_step { SETTLE() }
      d_step { FLUSH() }
    fi
  }
  od;
  skip;
  d_step {
    printf("OVER stop=%d outputs=%d flagged=%d\n", stop, outputs, flagged[0]);
    CHECK_END()
  }
}
