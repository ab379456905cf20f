/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CuratorPeer - Curator's InterProcessMutex, asked as bench/peer.h says. One client per server, as the
 * floors have one session per server; each waiter is a thread, since Curator has no other way to wait.
 */
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.retry.ExponentialBackoffRetry;

public final class CuratorPeer {
	private static final int MOST_WAITERS = 1000;
	private static final int SESSION_MS = 10000;
	private static final int CONNECT_MS = 15000;

	private final List<CuratorFramework> clients = new ArrayList<>();
	private final String[] servers;
	private final String root = "/zkbench-curator-" + UUID.randomUUID();
	private final Map<Integer, Crew> crews = new HashMap<>();

	private CuratorPeer(String servers) throws Exception {
		this.servers = servers.split(",");
		for (String server : this.servers)
			clients.add(connect(server));
	}

	private static CuratorFramework connect(String server) throws Exception {
		CuratorFramework client = CuratorFrameworkFactory.newClient(
			server, SESSION_MS, CONNECT_MS, new ExponentialBackoffRetry(100, 3));
		client.start();
		if (!client.blockUntilConnected(CONNECT_MS, TimeUnit.MILLISECONDS))
			throw new IllegalStateException("no connection to " + server);
		return client;
	}

	/* Standing waiters: threads that take, and give back when told, or at once during a drain. */
	private final class Crew {
		private final String path;
		private final List<Member> members = new ArrayList<>();
		private Member holder;
		private int handovers;
		private long releasedAt;
		private List<Double> samples;
		private Exception failure;

		Crew(int n) {
			path = root + "/line-" + n;
			for (int i = 0; i <= n; i++)
				members.add(new Member(this, clients.get(i % clients.size())));
			for (Member member : members)
				member.start();
		}

		private synchronized boolean joinAll() {
			boolean somebody = false;
			for (Member member : members)
				if (member.place == Place.IDLE) {
					member.place = Place.JOINING;
					somebody = true;
				}
			notifyAll();
			return somebody;
		}

		/* All stand in the queue when the parent has a child for each and all threads wait for
		 * their predecessor's watch, rather than for an answer. */
		void fill() throws Exception {
			if (!joinAll())
				return;
			synchronized (this) {
				while (holder == null && failure == null)
					wait();
			}
			while (failure == null && !allStand())
				Thread.sleep(1);
			check();
		}

		private boolean allStand() throws Exception {
			var stat = clients.get(0).checkExists().forPath(path);
			if (stat == null || stat.getNumChildren() < members.size())
				return false;
			for (Member member : members)
				if (member != holder && !member.isWatching())
					return false;
			return true;
		}

		private synchronized boolean someLeave() {
			for (Member member : members)
				if (member.place == Place.LEAVING)
					return true;
			return false;
		}

		synchronized void drain(int count, List<Double> into) throws Exception {
			samples = into;
			handovers = count;
			releasedAt = System.nanoTime();
			holder.place = Place.LEAVING;
			notifyAll();
			while (failure == null && (handovers > 0 || someLeave()))
				wait();
			check();
		}

		/* Called by the member that has just been granted. */
		synchronized void granted(Member member, long now) {
			holder = member;
			if (handovers > 0) {
				samples.add((now - releasedAt) / 1e3);
				handovers--;
			}
			member.place = handovers == 0 ? Place.HOLDING : Place.LEAVING;
			releasedAt = handovers == 0 ? releasedAt : System.nanoTime();
			notifyAll();
		}

		synchronized void set(Member member, Place place) {
			member.place = place;
			notifyAll();
		}

		synchronized Place order(Member member) throws InterruptedException {
			while (member.place == Place.IDLE || member.place == Place.HOLDING)
				wait();
			return member.place;
		}

		synchronized void failed(Exception e) {
			failure = failure == null ? e : failure;
			notifyAll();
		}

		private void check() throws Exception {
			if (failure != null)
				throw failure;
		}

		void end() throws Exception {
			int waiting = 0;
			synchronized (this) {
				for (Member member : members)
					waiting += member.place == Place.JOINING ? 1 : 0;
			}
			if (waiting > 0)
				drain(waiting, new ArrayList<>());
			drain(0, new ArrayList<>());
			synchronized (this) {
				for (Member member : members)
					member.place = Place.ENDING;
				notifyAll();
			}
			for (Member member : members)
				member.join();
		}
	}

	private enum Place { IDLE, JOINING, HOLDING, LEAVING, ENDING }

	private static final class Member extends Thread {
		private final Crew crew;
		private final InterProcessMutex mutex;
		private Place place = Place.IDLE;

		Member(Crew crew, CuratorFramework client) {
			super(null, null, "waiter", 256 * 1024);
			this.crew = crew;
			this.mutex = new InterProcessMutex(client, crew.path);
			setDaemon(true);
		}

		/* In Object.wait called by Curator's lock loop itself. */
		boolean isWatching() {
			StackTraceElement[] stack = getStackTrace();
			for (int i = 0; i + 1 < stack.length && i < 4; i++)
				if (stack[i].getMethodName().startsWith("wait") &&
					stack[i + 1].getClassName().endsWith("LockInternals"))
					return true;
			return false;
		}

		@Override
		public void run() {
			try {
				for (Place order; (order = crew.order(this)) != Place.ENDING;) {
					if (order == Place.JOINING) {
						mutex.acquire();
						crew.granted(this, System.nanoTime());
						continue;
					}
					mutex.release();
					crew.set(this, Place.IDLE);
				}
			} catch (Exception e) {
				crew.failed(e);
			}
		}
	}

	private static double since(long start) {
		return (System.nanoTime() - start) / 1e3;
	}

	private List<Double> cycles(int count, int turn) throws Exception {
		var mutex = new InterProcessMutex(clients.get(turn % clients.size()), root + "/single");
		List<Double> samples = new ArrayList<>();
		for (int i = 0; i < count; i++) {
			long start = System.nanoTime();
			mutex.acquire();
			mutex.release();
			samples.add(since(start));
		}
		return samples;
	}

	private List<Double> trylocks(int count, int turn) throws Exception {
		var held = new InterProcessMutex(clients.get((turn + 1) % clients.size()), root + "/busy");
		var mutex = new InterProcessMutex(clients.get(turn % clients.size()), root + "/busy");
		List<Double> samples = new ArrayList<>();
		held.acquire();
		for (int i = 0; i < count; i++) {
			long start = System.nanoTime();
			if (mutex.acquire(0, TimeUnit.MILLISECONDS))
				throw new IllegalStateException("took a lock that is held");
			samples.add(since(start));
		}
		held.release();
		return samples;
	}

	private List<Double> handovers(int n, int count) throws Exception {
		List<Double> samples = new ArrayList<>();
		Crew crew = crews.computeIfAbsent(n, Crew::new);
		int batch = Math.max(1, Math.min(100, n / 2));
		for (int done = 0; done < count; done += batch) {
			crew.fill();
			crew.drain(batch, samples);
		}
		return samples;
	}

	private List<Double> throughput(int n, int count) throws Exception {
		AtomicInteger left = new AtomicInteger(count);
		AtomicReference<Exception> failure = new AtomicReference<>();
		List<Thread> threads = new ArrayList<>();
		for (int i = 0; i < n; i++) {
			var mutex = new InterProcessMutex(
				clients.get(i % clients.size()), root + "/lock-" + i);
			mutex.acquire(); // makes the parents, which is not timed
			mutex.release();
			threads.add(new Thread(() -> {
				try {
					while (left.getAndDecrement() > 0) {
						mutex.acquire();
						mutex.release();
					}
				} catch (Exception e) {
					failure.set(e);
				}
			}));
		}
		long start = System.nanoTime();
		for (Thread thread : threads)
			thread.start();
		for (Thread thread : threads)
			thread.join();
		if (failure.get() != null)
			throw failure.get();
		return List.of(since(start) / count);
	}

	/* A new client in a warm virtual machine; the start of the machine is not counted. */
	private List<Double> colds(int count, int turn) throws Exception {
		List<Double> samples = new ArrayList<>();
		for (int i = 0; i < count; i++) {
			long start = System.nanoTime();
			CuratorFramework client = connect(servers[turn % servers.length]);
			var mutex = new InterProcessMutex(client, root + "/cold");
			mutex.acquire();
			samples.add(since(start));
			mutex.release();
			client.close();
		}
		return samples;
	}

	private List<Double> measure(String what, int n, int count, int turn) throws Exception {
		if (what.equals("handover") && n > MOST_WAITERS)
			throw new UnsupportedOperationException("a thread for each waiter");
		switch (what) {
		case "cycle": return cycles(count, turn);
		case "trylock_busy": return trylocks(count, turn);
		case "handover": return handovers(n, count);
		case "throughput": return throughput(n, count);
		case "cold": return colds(count, turn);
		default: throw new UnsupportedOperationException("not offered");
		}
	}

	private String answer(String line) {
		String[] word = line.split(" ");
		try {
			if (!word[0].equals("measure"))
				return "skip not offered";
			StringBuilder out = new StringBuilder("ok");
			for (double us : measure(word[1], Integer.parseInt(word[2]),
				     Integer.parseInt(word[3]), Integer.parseInt(word[4])))
				out.append(String.format(Locale.ROOT, " %.1f", us));
			return out.toString();
		} catch (UnsupportedOperationException e) {
			return "skip " + e.getMessage();
		} catch (Exception e) {
			return "error " + e.toString().replace('\n', ' ');
		}
	}

	private void close() throws Exception {
		for (Crew crew : crews.values())
			crew.end();
		for (CuratorFramework client : clients)
			client.close();
	}

	public static void main(String[] args) throws Exception {
		var input = new BufferedReader(new InputStreamReader(System.in));
		CuratorPeer peer = new CuratorPeer(args[0]);
		System.out.println("ready");
		for (String line; (line = input.readLine()) != null;)
			System.out.println(peer.answer(line));
		peer.close();
		System.exit(0);
	}
}
