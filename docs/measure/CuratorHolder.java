// SPDX-License-Identifier: Apache-2.0
// Holds a lock with Curator's InterProcessMutex, attached to a given server, and says on standard output
// what it hears: "held TOKEN", then "MS STATE" for each change of the connection, until a line comes on
// standard input.
//
// CuratorHolder SERVERS ADDRESS SESSION_MS PATH

import java.util.concurrent.CountDownLatch;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.framework.state.ConnectionState;
import org.apache.curator.retry.ExponentialBackoffRetry;
import org.apache.zookeeper.data.Stat;

public final class CuratorHolder {
    private static final class Mutex extends InterProcessMutex {
        Mutex(CuratorFramework client, String path) {
            super(client, path);
        }

        String node() {
            return getLockPath();
        }
    }

    /** A client takes the servers in an order of its own: try until it has taken this one. */
    private static CuratorFramework attach(String servers, String address, int sessionMs)
            throws Exception {
        while (true) {
            CuratorFramework client =
                    CuratorFrameworkFactory.newClient(
                            servers, sessionMs, 15000, new ExponentialBackoffRetry(100, 10));
            client.start();
            client.blockUntilConnected();
            if (client.getZookeeperClient().getZooKeeper().toString().contains(address)) {
                return client;
            }
            client.close();
        }
    }

    private static synchronized void say(String text) {
        System.out.println(text);
        System.out.flush();
    }

    public static void main(String[] args) throws Exception {
        CuratorFramework client = attach(args[0], args[1], Integer.parseInt(args[2]));
        Mutex mutex = new Mutex(client, args[3]);
        mutex.acquire();
        Stat before = client.checkExists().forPath(mutex.node());
        client.getConnectionStateListenable()
                .addListener(
                        (CuratorFramework c, ConnectionState state) ->
                                say(System.currentTimeMillis() + " " + state));
        say("held " + before.getCzxid());
        System.in.read();
        client.close();
    }
}
