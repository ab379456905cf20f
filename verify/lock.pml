/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lock protocol of libzklock: three clients, one lock, one ensemble.
 *
 * Promises checked (README.md says each in full):
 *   EXCLUSION  two clients never believe at one instant that they hold
 *   TURN       at a grant our own node is in our view, and no node is before it
 *              (FIFO; a forfeited waiter is never granted)
 *   STUCK      when nothing is under way, every client has ENDED
 *   GHOST      ... and no contender node is left
 *
 * One switch -DV_xxx plants one mistake. Each step is atomic: a transaction that the leader
 * commits, a read that a server answers, an event that a client is told, a fault.
 *
 * Time is the zxid. Each node knows when it was born, written and died, so the view of a
 * server that lags is just a smaller zxid. Only differences matter: settle() moves the
 * origin, so that equal situations are equal states. README.md says why no behaviour is
 * lost by the shortcuts marked (S1) to (S6).
 */

#define CLIENTS 3
#define NONE    15 /* no node */
#define NEVER   31 /* a zxid that has not come */

/* The bounds; verify/run sets them and README.md states them. */
#ifndef FAULTS
#define FAULTS 2 /* faults of all kinds together */
#endif
#ifndef NODES
#define NODES 8 /* nodes ever created */
#endif
#ifndef ROUNDS
#define ROUNDS 0 /* attempts after the first, all clients together */
#endif
#ifndef KEEP
#define KEEP 2 /* names of predecessors kept from a list */
#endif
#ifndef ENDS
#define ENDS 1 /* ends of session, each client; at most 1 */
#endif
#ifndef DROPS
#define DROPS 1 /* lost connections, with the replies under way, each client */
#endif
#ifndef CANCELS
#define CANCELS 1 /* cancel, timeout or trylock, each client */
#endif
#ifndef BREAKS
#define BREAKS 1 /* nodes that the operator deletes */
#endif
#ifndef WRITES
#define WRITES 1 /* writes by a stranger into a contender's node */
#endif

/* States of a contender, as in src/core/recipe.h; verify/names compares. */
mtype = { IDLE, PEEKING, JOINING, FINDING, LISTING, ARMING, WAITING, PROVING, HELD,
          RELEASING, LEAVING, ENDED };

/* How a node died. */
#define BY_SESSION 0
#define BY_DELETE  1
#define BY_SIGNOFF 2 /* {set, delete}: its data watch says CHANGED */
#define BY_BREAK   3 /* the operator */

typedef Node {
	unsigned maker : 2;   /* which client made it */
	bit      late;        /* in its second session? (the ephemeralOwner) */
	unsigned born : 5;
	unsigned died : 5;    /* NEVER: alive */
	unsigned written : 5; /* by a stranger; NEVER: version 0 */
	unsigned how : 2      /* it died */
}

typedef Client {
	/* its session */
	unsigned pos : 5;     /* the zxid up to which its server has told it */
	unsigned seen : 5;    /* the zxid of its last reply: what SetWatches says */
	bit      down;        /* not connected */
	unsigned closed : 5;  /* zxid of closeSession, 0 while the session lives */
	bit      late;        /* in its second session */
	bit      haunted;     /* its first session was given up, and still lives */
	/* its contender */
	unsigned made : 4;    /* the node with our GUID, whether we know it or not */
	unsigned me : 4;      /* our node, once we know it */
	bit      quit;        /* the caller has left */
	bit      trying;      /* trylock */
	bit      get_own;     /* get our node with a watch: under way */
	bit      own_watch;
	bit      get_pred;    /* get the predecessor with a watch: under way */
	bit      pred_watch;
	unsigned pred : 4;
	bit      trusted;     /* predecessor sealed, at version 0 when watched */
	unsigned kept : 8;    /* bit set of further predecessors */
	/* what may still happen to it */
	bit      ends;
	unsigned drops : 2;
	unsigned cancels : 2;
	bit      numbered;    /* its first create is committed (S6) */
	mtype    st;
#ifdef V_LIST_FIRST
	unsigned early : 8;   /* what the list before the create showed */
#endif
#ifndef STRICT
	bit      wrong;       /* granted though its node was gone from its view */
#endif
}

Node node[NODES];
Client cl[CLIENTS];
byte zx;                 /* last committed transaction */
byte nodes;              /* nodes ever created; the index is the sequence */
byte unsealed = NONE;    /* the client whose nodes anyone may write */
byte faults = FAULTS;
byte rounds = ROUNDS;
byte breaks = BREAKS;
byte writes = WRITES;

/* Scratch of one step, no part of the state. */
hidden byte i_, j_, k_, low_, p_, mask_;

/* ---- questions ------------------------------------------------------------------------- */

#define In_view(n, z) (node[n].born <= (z) && (z) < node[n].died)
#define Alive(n)      (node[n].died == NEVER)
#define After(z, p)   ((z) > (p) -> (z) : NEVER)
#define Min(a, b)     ((a) < (b) -> (a) : (b))
#define Next_of(n, p) Min(After(node[n].died, p), After(node[n].written, p))
#define Own_event(c)  (cl[c].own_watch -> Next_of(cl[c].me, cl[c].pos) : NEVER)
#define Pred_event(c) (cl[c].pred_watch -> Next_of(cl[c].pred, cl[c].pos) : NEVER)
#define Event(c)      Min(Own_event(c), Pred_event(c))
/* A server that has applied closeSession tells us nothing more. */
#define Last(c)       (cl[c].closed -> cl[c].closed - 1 : zx)
#define Due(c)        (Event(c) <= Last(c))
#define Looking(c)    (cl[c].st == LISTING || cl[c].st == ARMING || cl[c].st == WAITING)
#define Writing(c)    (cl[c].st == JOINING || cl[c].st == PROVING || cl[c].st == RELEASING || cl[c].st == LEAVING)
#define Sealed(n)     (node[n].maker != unsealed)
#define Still(c)      (!cl[c].haunted && (cl[c].st == ENDED || (cl[c].st == WAITING && !cl[c].down && \
                       !cl[c].closed && !cl[c].get_own && !Due(c))))
#define Quiet         (Still(0) && Still(1) && Still(2))

#ifdef V_NO_SYNC
#define Stale 1 /* this mistake needs the view that the join began with */
#else
#define Stale 0
#endif

#ifdef STRICT
#define Wrong(c) 0
#else
#define Wrong(c) cl[c].wrong
#endif
/* A holder whose node the operator deleted after its turn had come. Its own watch or its
   next proof tells it; until then nobody can know better: exclusion is not promised. */
#define Broken(c) (!Alive(cl[c].me) && node[cl[c].me].how == BY_BREAK && !Wrong(c))

/* ---- book-keeping: equal situations become equal states --------------------------------- */

#define fresh_view(c, z) cl[c].pos = (z); cl[c].seen = cl[c].pos

/* Who is not looking has no view that matters: its next read is behind a write or a sync. */
inline settle_client(c) {
	if
	:: Looking(c) -> if :: !cl[c].down && (!cl[c].drops || !faults) -> cl[c].seen = cl[c].pos :: else fi
	:: Stale && (cl[c].st == JOINING || cl[c].st == FINDING)
	:: else -> fresh_view(c, zx)
	fi;
	if
	:: !faults -> cl[c].ends = 0; cl[c].drops = 0; cl[c].cancels = 0
	:: cl[c].st == ENDED && !rounds ->
		cl[c].ends = 0; cl[c].drops = 0; cl[c].cancels = 0; cl[c].numbered = 1;
		cl[c].down = 0; cl[c].closed = 0
	:: cl[c].st == RELEASING || cl[c].st == LEAVING -> if :: !rounds -> cl[c].cancels = 0 :: else fi
	:: else
	fi
}

#define minus(x) x = (x > low_ -> x - low_ : 0)

inline settle_node(n) {
	if :: node[n].born != NEVER -> minus(node[n].born) :: else fi;
	if :: node[n].died != NEVER -> minus(node[n].died) :: else fi;
	if :: node[n].written != NEVER -> minus(node[n].written) :: else fi;
	if
	:: node[n].died == 0 -> /* gone in every view: keep what exclusion asks */
		node[n].born = 0; node[n].written = NEVER; node[n].maker = 0; node[n].late = 0;
		cl[0].kept = cl[0].kept & ~(1 << n);
		cl[1].kept = cl[1].kept & ~(1 << n);
		cl[2].kept = cl[2].kept & ~(1 << n);
		if :: cl[0].me == n || cl[1].me == n || cl[2].me == n :: else -> node[n].how = 0 fi
	:: else
	fi
}

inline settle() {
	d_step {
		assert(zx < NEVER);
		settle_client(0); settle_client(1); settle_client(2);
		low_ = Min(cl[0].seen, cl[1].seen); low_ = Min(low_, cl[2].seen);
		zx = zx - low_;
		i_ = 0;
		do
		:: i_ < CLIENTS ->
			cl[i_].pos = cl[i_].pos - low_; cl[i_].seen = cl[i_].seen - low_;
			if
			:: cl[i_].closed -> cl[i_].closed = (cl[i_].closed > low_ -> cl[i_].closed - low_ : 1)
			:: else
			fi;
			i_++
		:: else -> break
		od;
		i_ = 0;
		do
		:: i_ < nodes -> settle_node(i_); i_++
		:: else -> break
		od;
		if :: !faults -> breaks = 0; writes = 0 :: else fi;
		if
		:: Quiet -> /* nothing is under way; only faults could move it */
			assert(cl[0].st == ENDED && cl[1].st == ENDED && cl[2].st == ENDED); /* STUCK */
			i_ = 0;
			do
			:: i_ < nodes -> assert(!Alive(i_)); i_++ /* GHOST */
			:: else -> break
			od
		:: else
		fi
	}
}

inline forget_watching(c) {
	cl[c].get_own = 0; cl[c].own_watch = 0; cl[c].get_pred = 0; cl[c].pred_watch = 0;
	cl[c].pred = NONE; cl[c].trusted = 0; cl[c].kept = 0
}

inline move(c, state) { forget_watching(c); cl[c].st = state }

inline forget_node(c) { cl[c].made = NONE; cl[c].me = NONE }

inline finish(c) { move(c, ENDED); forget_node(c); cl[c].quit = 0; cl[c].trying = 0 }

inline join(c) {
	move(c, JOINING); forget_node(c);
#ifdef V_LIST_FIRST
	look_before(nodes, zx); cl[c].early = mask_
#endif
}

/* Our place is lost. Begin again at the tail, with a fresh GUID. */
inline restart(c) { if :: cl[c].quit -> finish(c) :: else -> join(c) fi }

inline leave(c) { move(c, LEAVING); cl[c].quit = 0; cl[c].trying = 0 }

/* ---- grants ---------------------------------------------------------------------------- */

inline believe(c) {
	move(c, HELD); cl[c].trying = 0;
	printf("client %d HOLDS by node %d\n", c, cl[c].me);
	i_ = 0;
	do
	:: i_ < CLIENTS ->
		if
		:: i_ != c && cl[i_].st == HELD -> assert(Broken(i_) || Broken(c)) /* EXCLUSION */
		:: else
		fi;
		i_++
	:: else -> break
	od
}

/* The recipe thinks that nothing stands before us. */
inline our_turn(c) {
#ifdef STRICT
	assert(In_view(cl[c].me, cl[c].pos)); /* TURN: not forfeited */
	i_ = 0;
	do
	:: i_ < cl[c].me -> assert(!Alive(i_)); i_++ /* TURN: FIFO */
	:: else -> break
	od;
#else
	cl[c].wrong = !In_view(cl[c].me, cl[c].pos);
#endif
	/* The proof may be fresh enough or not. It cannot be when the session has ended: the
	   leader ends it later than V after the last write that it took. */
	if
#ifdef V_READ_PROOF
	:: believe(c)
#else
	:: !cl[c].closed -> believe(c)
#endif
	:: move(c, PROVING)
	fi
}

/* ---- looking --------------------------------------------------------------------------- */

inline look_before(n, z) {
	mask_ = 0; k_ = 0;
	do
	:: k_ < n -> if :: In_view(k_, z) -> mask_ = mask_ | (1 << k_) :: else fi; k_++
	:: else -> break
	od
}

inline arm(c) {
	cl[c].st = ARMING; cl[c].get_pred = 1; cl[c].trusted = 0;
#ifndef V_NO_OWN_WATCH
	cl[c].get_own = !cl[c].own_watch
#endif
}

inline next_nearest(c) {
	cl[c].pred_watch = 0; cl[c].get_pred = 0; cl[c].trusted = 0; cl[c].pred = NONE;
	if
	:: cl[c].kept == 0 -> cl[c].get_own = 0; cl[c].st = LISTING
	:: else ->
		i_ = NODES;
		do
		:: i_ > 0 && !(cl[c].kept & (1 << (i_ - 1))) -> i_--
		:: else -> break
		od;
		cl[c].pred = i_ - 1; cl[c].kept = cl[c].kept & ~(1 << (i_ - 1));
		arm(c)
	fi
}

/* mask_: those before us. None: our turn. Else keep the nearest, and watch. */
inline judge(c) {
	if
	:: mask_ == 0 -> our_turn(c)
	:: mask_ != 0 && cl[c].trying -> leave(c)
	:: else ->
		cl[c].kept = 0; j_ = 0; i_ = NODES;
		do
		:: i_ > 0 && j_ < KEEP ->
			i_--;
			if :: mask_ & (1 << i_) -> cl[c].kept = cl[c].kept | (1 << i_); j_++ :: else fi
		:: else -> break
		od;
		next_nearest(c)
	fi
}

/* A read is served at any zxid from pos on, but behind the events due before it. Of the views
   in which it reads the same, the earliest stands for all (S4): stop only where `next` is. */
#define view_limit(c) p_ = (Event(c) == NEVER -> Last(c) : Min(Event(c) - 1, Last(c)))

inline view_on_node(c, n) {
	view_limit(c);
	do
	:: Next_of(n, cl[c].pos) <= p_ -> cl[c].pos = Next_of(n, cl[c].pos)
	:: break
	od
}

inline next_death(c) {
	low_ = NEVER; k_ = 0;
	do
	:: k_ <= cl[c].me && k_ < nodes ->
		if :: node[k_].died > cl[c].pos && node[k_].died < low_ -> low_ = node[k_].died :: else fi;
		k_++
	:: else -> break
	od
}

inline view_on_queue(c) {
	view_limit(c);
	do
	:: next_death(c);
		if :: low_ <= p_ -> cl[c].pos = low_ :: else -> break fi
	:: break
	od
}

/* ---- events ---------------------------------------------------------------------------- */

inline own_gone(c) { printf("client %d: own node %d gone, forfeits\n", c, cl[c].me); restart(c) }

inline own_changed(c) {
	cl[c].own_watch = 0;
	if :: cl[c].st == LISTING :: else -> cl[c].get_own = 1 fi
}

/* While ARMING the answer to get_pred comes later than the event and says more. */
inline pred_deleted(c) {
	cl[c].pred_watch = 0;
	if
	:: cl[c].st == WAITING ->
		printf("client %d: DELETED node %d\n", c, cl[c].pred);
#ifdef V_NAIVE
		our_turn(c)
#else
		next_nearest(c)
#endif
	:: else
	fi
}

inline pred_changed(c) {
	cl[c].pred_watch = 0;
	if
	:: cl[c].st == WAITING ->
		printf("client %d: CHANGED node %d, trusted %d\n", c, cl[c].pred, cl[c].trusted);
		if
#if defined(V_NO_OWN_WATCH) || defined(V_OWN_SPENT)
		:: cl[c].trusted -> our_turn(c)
#else
		:: cl[c].trusted && cl[c].own_watch -> our_turn(c)
#endif
#ifdef V_SKIP_CHANGED
		:: else -> next_nearest(c)
#else
		:: else -> arm(c)
#endif
		fi
	:: else
	fi
}

inline deliver(c) {
	cl[c].pos = Event(c);
	if
	:: cl[c].own_watch && node[cl[c].me].died == cl[c].pos -> own_gone(c)
	:: cl[c].own_watch && node[cl[c].me].written == cl[c].pos -> own_changed(c)
	:: cl[c].pred_watch && node[cl[c].pred].died == cl[c].pos ->
		if
		:: node[cl[c].pred].how == BY_SIGNOFF -> pred_changed(c)
		:: else -> pred_deleted(c)
		fi
	:: cl[c].pred_watch && node[cl[c].pred].written == cl[c].pos -> pred_changed(c)
	fi
}

/* ---- writes: committed by the leader, and answered when we are connected (S2) ----------- */

inline die(n, cause) { zx++; node[n].died = zx; node[n].how = cause }

inline commit_create(c) {
	assert(nodes < NODES); /* else the bound is too small */
	zx++;
	node[nodes].maker = c; node[nodes].late = cl[c].late;
	node[nodes].born = zx; node[nodes].died = NEVER; node[nodes].written = NEVER;
	cl[c].made = nodes; cl[c].numbered = 1; nodes++;
	printf("leader: create of client %d is node %d\n", c, cl[c].made);
	if
	:: cl[c].down
	:: else ->
		cl[c].me = cl[c].made; fresh_view(c, zx);
		if
		:: cl[c].quit -> leave(c)
#ifdef V_LIST_FIRST
		:: else -> mask_ = cl[c].early; cl[c].early = 0; judge(c)
#else
		:: else -> cl[c].st = LISTING
#endif
		fi
	fi
}

/* A node that anyone may write may be given up either way: the recipe deletes it plainly. */
inline commit_release(c) {
	if
	:: !Alive(cl[c].me) -> if :: cl[c].down :: else -> finish(c) fi
	:: Alive(cl[c].me) && node[cl[c].me].written != NEVER -> /* ZBADVERSION */
		printf("leader: {set, delete} of node %d refused\n", cl[c].me);
#ifdef V_NO_PLAIN
		if :: cl[c].down :: else -> finish(c) fi
#else
		if :: cl[c].down :: else -> leave(c) fi
#endif
	:: Alive(cl[c].me) && node[cl[c].me].written == NEVER ->
		printf("leader: {set, delete} of node %d\n", cl[c].me);
		die(cl[c].me, BY_SIGNOFF);
		if :: cl[c].down :: else -> finish(c) fi
	:: Alive(cl[c].me) && !Sealed(cl[c].me) -> leave(c)
	fi
}

inline commit_leave(c) {
	if
	:: Alive(cl[c].me) ->
		printf("leader: delete of node %d\n", cl[c].me);
#ifdef V_LEAVE_SIGNS
		die(cl[c].me, BY_SIGNOFF)
#else
		die(cl[c].me, BY_DELETE)
#endif
	:: else
	fi;
	if :: cl[c].down :: else -> finish(c) fi
}

/* A transaction that only checks our node: an acknowledged write is the only proof. */
inline commit_proof(c) {
	if
	:: cl[c].down
	:: !cl[c].down && Alive(cl[c].me) ->
#ifndef STRICT
		cl[c].wrong = 0;
#endif
		believe(c)
	:: !cl[c].down && !Alive(cl[c].me) -> own_gone(c)
	fi
}

inline commit(c) {
	if
	:: cl[c].st == JOINING -> commit_create(c)
	:: cl[c].st == PROVING -> commit_proof(c)
	:: cl[c].st == RELEASING -> commit_release(c)
	:: cl[c].st == LEAVING -> commit_leave(c)
	fi
}

/* ---- answers to reads ------------------------------------------------------------------ */

/* sync, then list, then get: at the zxid of the sync (S3). */
inline find(c) {
	if :: Stale -> view_limit(c); do :: cl[c].pos < p_ -> cl[c].pos++ :: break od :: else -> fresh_view(c, zx) fi;
	cl[c].seen = cl[c].pos;
	if
#ifdef V_NO_OWNER
	:: cl[c].made != NONE && In_view(cl[c].made, cl[c].pos) ->
#else
	:: cl[c].made != NONE && In_view(cl[c].made, cl[c].pos) && node[cl[c].made].late == cl[c].late ->
#endif
		cl[c].me = cl[c].made;
		printf("client %d: found its node %d\n", c, cl[c].me);
		if
		:: cl[c].quit -> leave(c)
		:: else -> cl[c].own_watch = 1; cl[c].st = LISTING
		fi
	:: else -> printf("client %d: found no node of its own\n", c); restart(c)
	fi
}

inline listed(c) {
	cl[c].seen = cl[c].pos;
	if
	:: !In_view(cl[c].me, cl[c].pos) -> own_gone(c)
	:: else -> look_before(cl[c].me, cl[c].pos); judge(c)
	fi
}

inline got_own(c) {
	cl[c].seen = cl[c].pos; cl[c].get_own = 0;
	if
	:: !In_view(cl[c].me, cl[c].pos) -> own_gone(c)
	:: else -> cl[c].own_watch = 1
	fi
}

inline got_pred(c) {
	cl[c].seen = cl[c].pos; cl[c].get_pred = 0;
	if
	:: !In_view(cl[c].pred, cl[c].pos) -> next_nearest(c)
	:: else ->
		cl[c].pred_watch = 1; cl[c].st = WAITING;
#ifdef V_TRUST_ALL
		cl[c].trusted = 1
#else
		cl[c].trusted = Sealed(cl[c].pred) && node[cl[c].pred].written > cl[c].pos
#endif
	fi
}

inline peeked(c) {
	look_before(nodes, zx);
	if :: mask_ != 0 -> finish(c) :: else -> join(c) fi
}

/* ---- connection and session ------------------------------------------------------------ */

/* SetWatches: what is gone says DELETED, what was written since `seen` says CHANGED, the rest
   is armed again. The server may be behind events (not behind replies) that we have had. */
inline set_watches(c) {
	p_ = cl[c].seen; cl[c].pos = p_;
	do
	:: Event(c) <= zx -> cl[c].pos = Event(c)
	:: break
	od;
	if
	:: cl[c].own_watch && node[cl[c].me].died <= cl[c].pos -> own_gone(c)
	:: cl[c].own_watch && node[cl[c].me].died > cl[c].pos && node[cl[c].me].written > p_ &&
	   node[cl[c].me].written <= cl[c].pos -> own_changed(c)
	:: else
	fi;
	if
	:: cl[c].pred_watch && node[cl[c].pred].died <= cl[c].pos -> pred_deleted(c)
	:: cl[c].pred_watch && node[cl[c].pred].died > cl[c].pos && node[cl[c].pred].written > p_ &&
	   node[cl[c].pred].written <= cl[c].pos -> pred_changed(c)
	:: else
	fi;
	if :: cl[c].st == WAITING -> arm(c) :: else fi /* look again */
}

inline reconnect(c) {
	cl[c].down = 0;
	if
	:: Looking(c) -> set_watches(c)
	:: cl[c].st == JOINING -> cl[c].st = FINDING
	:: else /* its request is sent again */
	fi
}

/* A search may outlive its session here; the recipe begins again at once. */
inline new_session(c) {
	cl[c].late = 1; cl[c].closed = 0; cl[c].down = 0; fresh_view(c, zx);
	if
	:: cl[c].st == PEEKING
	:: cl[c].st == JOINING || cl[c].st == FINDING -> if :: restart(c) :: cl[c].st = FINDING fi
	:: Looking(c) || cl[c].st == PROVING -> restart(c)
	:: cl[c].st == HELD || cl[c].st == RELEASING || cl[c].st == LEAVING -> finish(c)
	:: cl[c].st == ENDED
	fi
}

inline close_session(c, which) {
	zx++; i_ = 0;
	do
	:: i_ < nodes ->
		if
		:: Alive(i_) && node[i_].maker == c && node[i_].late == which ->
			node[i_].died = zx; node[i_].how = BY_SESSION
		:: else
		fi;
		i_++
	:: else -> break
	od
}

/* Clients are alike (`unsealed` may be any), so they may be numbered by their first create:
   one order stands for all six (S6). */
#define Number(c) (c == 0 || cl[c - 1].numbered || cl[c - 1].st == ENDED)

#define Spend(what) what--; faults--

proctype Contender(byte c) {
end:	do
	:: atomic {
	if
	/* The caller. */
	:: cl[c].st == HELD -> printf("client %d: unlock\n", c); move(c, RELEASING)
	:: cl[c].st == HELD && !Alive(cl[c].me) -> printf("client %d: LOST, node gone\n", c); finish(c)
	:: cl[c].st == ENDED && rounds && cl[c].numbered -> rounds--;
		printf("client %d: lock again\n", c); join(c)
	:: faults && cl[c].cancels && (Looking(c) || cl[c].st == PROVING) -> Spend(cl[c].cancels);
		printf("client %d: cancel\n", c); leave(c)
	:: faults && cl[c].cancels && !cl[c].quit && (cl[c].st == JOINING || cl[c].st == FINDING) ->
		Spend(cl[c].cancels); printf("client %d: cancel while its create is unknown\n", c);
		cl[c].quit = 1

	/* Writes: the leader may commit them though the connection is gone. */
	:: Writing(c) && !cl[c].closed && (cl[c].st != JOINING || Number(c)) &&
		!(cl[c].st == JOINING && cl[c].made != NONE) -> commit(c)

	/* Reads, and the events between them. */
	:: cl[c].st == PEEKING && !cl[c].down && !cl[c].closed -> peeked(c)
	:: cl[c].st == FINDING && !cl[c].down && !cl[c].closed -> find(c)
	:: cl[c].st == LISTING && !cl[c].down -> view_on_queue(c); listed(c)
	:: cl[c].get_own && !cl[c].down -> view_on_node(c, cl[c].me); got_own(c)
	:: cl[c].get_pred && !cl[c].down && (!cl[c].get_own || node[cl[c].me].written != NEVER) ->
		view_on_node(c, cl[c].pred); got_pred(c)
	:: Looking(c) && !cl[c].down && Due(c) -> deliver(c)

	/* Connection and session. */
	:: faults && cl[c].drops && !cl[c].down && cl[c].st != ENDED && cl[c].st != HELD ->
		Spend(cl[c].drops); printf("client %d: disconnected\n", c); cl[c].down = 1
	:: cl[c].down && !cl[c].closed -> printf("client %d: connected\n", c); reconnect(c)
	:: cl[c].st == HELD && faults && (cl[c].ends || cl[c].drops) ->
		printf("client %d: LOST, proof ran out\n", c); leave(c)
#ifdef V_READ_PROOF
	:: faults && cl[c].ends && !cl[c].closed && cl[c].st != ENDED ->
#else
	:: faults && cl[c].ends && !cl[c].closed && cl[c].st != ENDED && cl[c].st != HELD ->
#endif
		Spend(cl[c].ends); printf("leader: session of client %d expires\n", c);
		close_session(c, cl[c].late); cl[c].closed = zx
	:: cl[c].closed -> printf("client %d: EXPIRED\n", c); new_session(c)
	:: faults && cl[c].ends && cl[c].down && !cl[c].closed ->
		Spend(cl[c].ends); printf("client %d: gives its session up\n", c);
		cl[c].haunted = 1; new_session(c)
	:: cl[c].haunted -> printf("leader: old session of client %d expires\n", c);
		close_session(c, 0); cl[c].haunted = 0
	fi;
	settle() }
	od
}

/* Operator and stranger: any node that lives. */
inline choose_node() {
	k_ = 0;
	do
	:: k_ + 1 < nodes -> k_++
	:: break
	od
}

#ifdef V_SUPER
#define May_write(n) (Alive(n) && node[n].written == NEVER)
#else
#define May_write(n) (Alive(n) && node[n].written == NEVER && !Sealed(n))
#endif

proctype World() {
	do
	:: atomic {
		if
		:: faults && breaks && nodes ->
			choose_node();
			if
			:: Alive(k_) -> Spend(breaks); die(k_, BY_BREAK); printf("operator: deletes node %d\n", k_)
			:: else
			fi
		:: faults && writes && nodes ->
			choose_node();
			if
			:: May_write(k_) -> Spend(writes); zx++; node[k_].written = zx; printf("stranger: writes node %d\n", k_)
			:: else
			fi
		fi;
		settle() }
	:: timeout -> assert(Quiet); break /* STUCK: nothing at all can happen */
	od
}

init {
	atomic {
		i_ = 0;
		do
		:: i_ < NODES -> node[i_].born = NEVER; node[i_].died = NEVER; node[i_].written = NEVER; i_++
		:: else -> break
		od;
		j_ = 0;
		do
		:: j_ < CLIENTS ->
			cl[j_].ends = ENDS; cl[j_].drops = DROPS; cl[j_].cancels = CANCELS;
			cl[j_].st = IDLE;
			if
			:: join(j_)
			:: faults && CANCELS -> Spend(cl[j_].cancels); cl[j_].trying = 1;
				move(j_, PEEKING); forget_node(j_)
			fi;
			j_++
		:: else -> break
		od;
		if :: unsealed = NONE :: unsealed = 0 :: unsealed = 1 :: unsealed = 2 fi;
		settle();
		run Contender(0); run Contender(1); run Contender(2); run World()
	}
}
