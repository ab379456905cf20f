// SPDX-License-Identifier: Apache-2.0
// A service that locks with Curator's InterProcessMutex, in the queue of zklock's locks.
// CuratorNeighbour SERVERS PATH COUNT SECTION...: COUNT times: take the lock, run SECTION with the
// lock node's czxid as its last argument, release.

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.retry.RetryNTimes;

public final class CuratorNeighbour {
    /** The path of the lock node is protected; a subclass may show it. */
    private static final class Mutex extends InterProcessMutex {
        Mutex(CuratorFramework client, String path) {
            super(client, path);
        }

        String node() {
            return getLockPath();
        }
    }

    public static void main(String[] args) throws Exception {
        CuratorFramework client =
                CuratorFrameworkFactory.newClient(args[0], 4000, 15000, new RetryNTimes(20, 200));
        client.start();
        client.blockUntilConnected();
        Mutex mutex = new Mutex(client, args[1]);
        List<String> section = new ArrayList<>(Arrays.asList(args).subList(3, args.length));
        for (int i = 0; i < Integer.parseInt(args[2]); i++) {
            mutex.acquire();
            try {
                List<String> command = new ArrayList<>(section);
                command.add(Long.toString(client.checkExists().forPath(mutex.node()).getCzxid()));
                new ProcessBuilder(command).inheritIO().start().waitFor();
            } finally {
                mutex.release();
            }
        }
        client.close();
    }
}
