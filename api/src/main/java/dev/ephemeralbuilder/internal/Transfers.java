package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.BuilderTimeoutException;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.Transfer;
import dev.ephemeralbuilder.internal.Supervisor.Command;
import dev.ephemeralbuilder.spi.Channel;
import dev.ephemeralbuilder.spi.Ticker;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;

/**
 * Files to and from one machine, each transfer on one long channel and on the caller's own thread. A transfer whose
 * connection is lost is made again from its start, a bounded number of times: unpacking twice does no harm.
 */
final class Transfers {
    private static final int TRIES = 4;

    /** How long a connection that is up may move nothing; a dead one is found sooner by its own keep-alive. */
    private static final long STALL_MINUTES = 5;

    private final Handouts handouts;
    private final Ticker ticker;
    private final Link link;
    private final String workspace;

    Transfers(Handouts handouts, Ticker ticker, Link link, String workspace) {
        this.handouts = handouts;
        this.ticker = ticker;
        this.link = link;
        this.workspace = workspace;
    }

    Transfer upload(Path source, String target, Predicate<Path> filter) throws IOException, InterruptedException {
        String absolute = Supervisor.under(workspace, checkPath(target));
        boolean folder = java.nio.file.Files.isDirectory(source);
        int slash = absolute.lastIndexOf('/');
        TarWriter tar = TarWriter.of(source, absolute.substring(slash + 1), filter);
        String base = folder ? absolute : absolute.substring(0, Math.max(1, slash));
        return repeat(() -> send(tar, base));
    }

    private Transfer send(TarWriter tar, String folder) throws IOException, InterruptedException {
        Command command = Supervisor.put(folder, tar.size());
        try (Channel channel = open(command)) {
            CompletableFuture<String> answer = Exchange.outputOf(channel, ticker);
            try {
                tar.writeTo((bytes, length) -> write(channel, ByteBuffer.wrap(bytes, 0, length)));
                Stages.leave(channel.closeInput());
            } catch (Cut cut) {
                // A machine that refuses stops reading; its answer says why.
                if (Supervisor.parse(within(answer)).value("put").isEmpty()) {
                    throw cut;
                }
            }
            String output = within(answer);
            String code = Supervisor.parse(output).value("put").orElseThrow(Cut::new);
            if (!code.equals("0")) {
                throw new ConfigurationException(
                        "The machine could not unpack the upload below " + folder + " (tar ended with " + code + "): "
                                + firstLine(output),
                        null,
                        null,
                        null);
            }
        }
        return new Transfer(tar.files(), tar.fileBytes());
    }

    Transfer download(String source, Path target) throws IOException, InterruptedException {
        String absolute = Supervisor.under(workspace, checkPath(source));
        return repeat(() -> receive(absolute, target));
    }

    private Transfer receive(String source, Path target) throws IOException, InterruptedException {
        try (Channel channel = open(Supervisor.get(source));
                ChannelInput in = new ChannelInput(channel)) {
            String kind = in.readStart();
            if (kind.equals("absent")) {
                throw new NoSuchFileException(source, null, "there is no such file on the machine");
            }
            TarReader.Unpacked unpacked;
            try {
                unpacked = kind.equals("stream folder") ? TarReader.folder(in, target) : TarReader.file(in, target);
            } catch (EOFException e) {
                throw new Cut();
            }
            String rest = new String(in.readAllBytes(), StandardCharsets.UTF_8).replace("\0", "");
            String got = Supervisor.parse(rest).value("got").orElseThrow(Cut::new);
            boolean changed = got.startsWith("1 ") && got.contains("changed as we read it");
            if (!got.equals("0") && !changed) {
                throw new IOException("The machine could not read " + source + ": " + got);
            }
            return new Transfer(unpacked.files(), unpacked.bytes());
        }
    }

    List<String> glob(String pattern) throws IOException, InterruptedException {
        checkPath(pattern);
        return repeat(() -> {
            try (Channel channel = open(Supervisor.glob(pattern));
                    ChannelInput in = new ChannelInput(channel)) {
                in.readStart();
                String all = new String(in.readAllBytes(), StandardCharsets.UTF_8);
                int end = all.lastIndexOf("EB1 end");
                if (end < 0 || (end > 0 && all.charAt(end - 1) != '\0')) {
                    throw new Cut();
                }
                List<String> matches =
                        new ArrayList<>(List.of(all.substring(0, end).split("\0", -1)));
                matches.removeIf(String::isEmpty);
                matches.sort(Comparator.naturalOrder());
                return List.copyOf(matches);
            }
        });
    }

    private interface Attempt<T> {
        T run() throws IOException, InterruptedException;
    }

    private static <T> T repeat(Attempt<T> attempt) throws IOException, InterruptedException {
        for (int i = 1; ; i++) {
            try {
                return attempt.run();
            } catch (InterruptedIOException e) {
                Thread.interrupted();
                throw (InterruptedException) new InterruptedException().initCause(e);
            } catch (Cut cut) {
                if (i == TRIES) {
                    throw new BuilderTimeoutException(
                            "The connection was lost " + TRIES + " times in the middle of a transfer", null, null, cut);
                }
            }
        }
    }

    /** The connection was lost. */
    private static final class Cut extends IOException {
        private static final long serialVersionUID = 1L;
    }

    private Channel open(Command command) throws IOException, InterruptedException {
        CompletableFuture<Channel> opening = handouts.give(() -> link.open(command.line()), Channel::close);
        Channel channel = Waits.awaitIo(opening);
        try {
            write(channel, command.input());
        } catch (Cut mayHaveAnsweredAlready) {
            // A command that is quick to end overtakes the word on its input; what it says is what counts.
            return channel;
        } catch (IOException | InterruptedException | RuntimeException e) {
            channel.close();
            throw e;
        }
        return channel;
    }

    private static void write(Channel channel, ByteBuffer bytes) throws IOException, InterruptedException {
        within(channel.write(bytes));
    }

    private static <T> T within(CompletableFuture<T> future) throws IOException, InterruptedException {
        try {
            return future.get(STALL_MINUTES, TimeUnit.MINUTES);
        } catch (ExecutionException | TimeoutException e) {
            Cut cut = new Cut();
            cut.initCause(e);
            throw cut;
        }
    }

    private static String checkPath(String path) {
        if (path.isEmpty() || path.indexOf('\0') >= 0 || path.length() > 4096) {
            throw new IllegalArgumentException("a path on the machine must have 1 to 4096 characters and no NUL");
        }
        return path;
    }

    private static String firstLine(String output) {
        return output.lines()
                .filter(line -> !line.startsWith("EB1 "))
                .findFirst()
                .orElse("no further word");
    }

    /** A channel's output for code that reads blocking. */
    private static final class ChannelInput extends InputStream {
        private final Channel channel;
        private ByteBuffer current = ByteBuffer.allocate(0);

        ChannelInput(Channel channel) {
            this.channel = channel;
        }

        /** Reads up to the reply that begins the stream, or to the one that says why there is none. */
        String readStart() throws IOException {
            StringBuilder line = new StringBuilder();
            for (int b = read(); b >= 0; b = read()) {
                if (b != '\n') {
                    line.append((char) b);
                    continue;
                }
                String reply = line.toString();
                if (reply.startsWith("EB1 ")) {
                    return reply.substring(4);
                }
                line.setLength(0);
            }
            throw new Cut();
        }

        @Override
        public int read() throws IOException {
            return fill() ? current.get() & 0xff : -1;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            if (length == 0) {
                return 0;
            }
            if (!fill()) {
                return -1;
            }
            int n = Math.min(length, current.remaining());
            current.get(bytes, offset, n);
            return n;
        }

        private boolean fill() throws IOException {
            if (!current.hasRemaining()) {
                try {
                    current = within(channel.read());
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new InterruptedIOException();
                }
            }
            return current.hasRemaining();
        }
    }
}
