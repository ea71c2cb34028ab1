package dev.ephemeralbuilder.testing.contract;

import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.ReclaimNotice;
import dev.ephemeralbuilder.TerminalSize;
import dev.ephemeralbuilder.spi.Channel;
import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.spi.Launch;
import dev.ephemeralbuilder.spi.LaunchResult;
import dev.ephemeralbuilder.spi.LogPage;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachineTags;
import dev.ephemeralbuilder.spi.Outcome;
import dev.ephemeralbuilder.spi.Shell;
import dev.ephemeralbuilder.spi.ShellKeys;
import dev.ephemeralbuilder.spi.TerminalChannel;
import dev.ephemeralbuilder.spi.Ticker;
import dev.ephemeralbuilder.testing.ForwardingProvider;
import dev.ephemeralbuilder.testing.ForwardingShell;
import dev.ephemeralbuilder.testing.InMemorySetup;
import dev.ephemeralbuilder.testing.MachineCopies;
import java.nio.ByteBuffer;
import java.security.KeyPair;
import java.time.Duration;
import java.util.Base64;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** The contract kits over providers that each break one promise. Run by {@link ContractKitsTest}, not by themselves. */
final class BrokenProviders {
    private BrokenProviders() {}

    /** The cloud in memory behind something broken. */
    private static class Setup extends InMemorySetup {
        private final CloudProvider provider;
        private final CloudProvider other;

        Setup(UnaryOperator<CloudProvider> breaking) {
            provider = breaking.apply(super.provider());
            other = breaking.apply(super.other());
        }

        @Override
        public CloudProvider provider() {
            return provider;
        }

        @Override
        public CloudProvider other() {
            return other;
        }
    }

    abstract static class Broken extends CloudProviderContract {
        abstract CloudProvider over(CloudProvider next);

        @Override
        protected ContractSetup setup() {
            return new Setup(this::over);
        }
    }

    private static Launch.Builder copyOf(Launch launch) {
        return Launch.builder()
                .spec(launch.spec())
                .offer(launch.offer())
                .token(launch.token())
                .tags(launch.tags())
                .cap(launch.cap())
                .bootstrap(launch.bootstrap())
                .containerCommand(launch.containerCommand().orElse(null))
                .hostKey(launch.hostKey())
                .clientKey(launch.clientKey())
                .count(launch.minimum(), launch.count());
    }

    static class StartsLogsAnew extends Broken {
        @Override
        CloudProvider over(CloudProvider next) {
            return new ForwardingProvider(next) {
                @Override
                public LogPage log(String id, @Nullable String cursor) throws InterruptedException {
                    return super.log(id, null);
                }
            };
        }
    }

    static class InventsExitCodesOfCommands extends Broken {
        @Override
        CloudProvider over(CloudProvider next) {
            return new ForwardingProvider(next) {
                @Override
                public Map<String, Machine> describe(Collection<String> ids) throws InterruptedException {
                    Map<String, Machine> shown = new LinkedHashMap<>(super.describe(ids));
                    shown.replaceAll((id, machine) -> machine.exitCode().isPresent() ? machine : withExitCode(machine));
                    return shown;
                }
            };
        }

        private static Machine withExitCode(Machine machine) {
            return MachineCopies.of(machine).exitCode(0).build();
        }
    }

    static class ForgetsTags extends Broken {
        @Override
        CloudProvider over(CloudProvider next) {
            return new ForwardingProvider(next) {
                @Override
                public LaunchResult launch(Launch launch) throws InterruptedException {
                    Map<String, String> some =
                            Map.of(MachineTags.OWNER, launch.tags().getOrDefault(MachineTags.OWNER, ""));
                    return super.launch(copyOf(launch).tags(some).build());
                }
            };
        }
    }

    static class TakesAFailureForAbsence extends Broken {
        @Override
        CloudProvider over(CloudProvider next) {
            return new ForwardingProvider(next) {
                @Override
                public Map<String, Machine> describe(Collection<String> ids) throws InterruptedException {
                    try {
                        return super.describe(ids);
                    } catch (ProviderException e) {
                        return Map.of();
                    }
                }
            };
        }
    }

    static class MakesUpTokens extends Broken {
        @Override
        CloudProvider over(CloudProvider next) {
            return new ForwardingProvider(next) {
                @Override
                public LaunchResult launch(Launch launch) throws InterruptedException {
                    return super.launch(
                            copyOf(launch).token(UUID.randomUUID().toString()).build());
                }
            };
        }
    }

    static class ReadsOnlyTheFirstPage extends Broken {
        private static final int PAGE = 10;

        @Override
        CloudProvider over(CloudProvider next) {
            return new ForwardingProvider(next) {
                @Override
                public Map<String, Machine> describe(Collection<String> ids) throws InterruptedException {
                    return super.describe(
                            ids.size() > limits().describeBatch()
                                    ? ids
                                    : ids.stream().limit(PAGE).toList());
                }
            };
        }
    }

    static class RepeatsFailedCalls extends Broken {
        @Override
        CloudProvider over(CloudProvider next) {
            return new ForwardingProvider(next) {
                @Override
                public Map<String, Machine> describe(Collection<String> ids) throws InterruptedException {
                    try {
                        return super.describe(ids);
                    } catch (BuilderException e) {
                        if (e.retryable()) {
                            return super.describe(ids);
                        }
                        throw e;
                    }
                }
            };
        }
    }

    static class FailsForUnknownIds extends Broken {
        @Override
        CloudProvider over(CloudProvider next) {
            return new ForwardingProvider(next) {
                @Override
                public Map<String, Outcome> delete(Collection<String> ids) throws InterruptedException {
                    if (ids.size() <= limits().deleteBatch()
                            && !super.describe(ids).keySet().containsAll(ids)) {
                        throw new ProviderException("InvalidInstanceId.NotFound", Effect.NONE, false, null, null, null);
                    }
                    return super.delete(ids);
                }
            };
        }
    }

    static class ShowsItsSecrets extends Broken {
        @Override
        CloudProvider over(CloudProvider next) {
            return new ForwardingProvider(next) {
                @Override
                public LaunchResult launch(Launch launch) throws InterruptedException {
                    try {
                        return super.launch(launch);
                    } catch (ProviderException e) {
                        String userData = Base64.getEncoder()
                                .encodeToString(launch.hostKey().getPrivate().getEncoded());
                        throw new ProviderException(
                                "the launch failed",
                                e.effect(),
                                e.retryable(),
                                null,
                                null,
                                new IllegalStateException("GET /?UserData=" + userData, e));
                    }
                }
            };
        }
    }

    static class IgnoresTheHostKey extends Broken {
        @Override
        CloudProvider over(CloudProvider next) {
            return new ForwardingProvider(next) {
                @Override
                public Shell open(Machine machine, ShellKeys keys) throws InterruptedException {
                    String shown = machine.tags().getOrDefault(MachineTags.HOST_KEY, "");
                    return super.open(machine, new ShellKeys(keys.client(), shown));
                }
            };
        }
    }

    static class PretendsToReplaceHostKeys extends Broken {
        @Override
        CloudProvider over(CloudProvider next) {
            return withShells(next, UnaryOperator.identity(), key -> true);
        }
    }

    static class CutsOutput extends Broken {
        private static final int LIMIT = 100_000;

        @Override
        CloudProvider over(CloudProvider next) {
            return withChannels(next, channel -> new OtherChannel(channel) {
                private int left = LIMIT;

                @Override
                public CompletableFuture<ByteBuffer> read() {
                    return super.read().thenApply(bytes -> {
                        int kept = Math.min(left, bytes.remaining());
                        left -= kept;
                        return kept == 0 && bytes.hasRemaining()
                                ? bytes.limit(bytes.position() + 1)
                                : bytes.limit(bytes.position() + kept);
                    });
                }
            });
        }
    }

    static class InventsExitCodes extends Broken {
        @Override
        CloudProvider over(CloudProvider next) {
            return withChannels(next, channel -> new OtherChannel(channel) {
                @Override
                public CompletableFuture<OptionalInt> ended() {
                    return super.ended().thenApply(code -> OptionalInt.of(code.orElse(0)));
                }
            });
        }
    }

    static class IgnoresTheSizeOfTerminals extends Broken {
        @Override
        CloudProvider over(CloudProvider next) {
            return new ForwardingProvider(next) {
                @Override
                public Shell open(Machine machine, ShellKeys keys) throws InterruptedException {
                    return new ForwardingShell(super.open(machine, keys)) {
                        @Override
                        public TerminalChannel openTerminal(TerminalSize size) throws InterruptedException {
                            return super.openTerminal(TerminalSize.DEFAULT);
                        }
                    };
                }
            };
        }
    }

    static class KeepsWhatMachinesSay extends Broken {
        @Override
        CloudProvider over(CloudProvider next) {
            return new ForwardingProvider(next) {
                @Override
                public Optional<String> consoleOutput(String id) {
                    return Optional.empty();
                }
            };
        }
    }

    static class NeverTakesANoticeBack extends FleetContract {
        @Override
        protected ContractSetup setup() {
            return new Setup(NeverTakesANoticeBack::over) {
                @Override
                public Duration patience() {
                    return Duration.ofSeconds(3);
                }
            };
        }

        private static CloudProvider over(CloudProvider next) {
            Map<String, ReclaimNotice> notices = new ConcurrentHashMap<>();
            return new ForwardingProvider(next) {
                @Override
                public Map<String, Machine> describe(Collection<String> ids) throws InterruptedException {
                    Map<String, Machine> shown = new LinkedHashMap<>(super.describe(ids));
                    shown.replaceAll((id, machine) -> {
                        machine.reclaimNotice().ifPresent(notice -> notices.putIfAbsent(id, notice));
                        ReclaimNotice first = notices.get(id);
                        return first == null ? machine : withNotice(machine, first);
                    });
                    return shown;
                }
            };
        }

        /** Far enough away that it does not pass while the kit waits. */
        private static Machine withNotice(Machine machine, ReclaimNotice notice) {
            return MachineCopies.of(machine)
                    .privateAddress(machine.privateAddress().orElse(null))
                    .publicAddress(machine.publicAddress().orElse(null))
                    .cap(machine.cap().orElse(null))
                    .reclaimNotice(new ReclaimNotice(notice.deadline().plus(Duration.ofDays(7)), notice.source()))
                    .build();
        }
    }

    static class WaitsForMachinesToRun extends FleetContract {
        @Override
        protected ContractSetup setup() {
            CountDownLatch running = new CountDownLatch(1);
            return new Setup(next -> new ForwardingProvider(next) {
                @Override
                public LaunchResult launch(Launch launch) throws InterruptedException {
                    LaunchResult result = super.launch(launch);
                    // As a loop of describe and sleep would: the cloud's time does not pass by it.
                    if (!running.await(1, TimeUnit.MINUTES)) {
                        throw new IllegalStateException("the test does not end");
                    }
                    return result;
                }
            }) {
                @Override
                public Duration patience() {
                    return Duration.ofSeconds(3);
                }

                @Override
                public void close() {
                    running.countDown();
                    super.close();
                }
            };
        }
    }

    static class NoHooks extends CloudProviderContract {
        @Override
        protected ContractSetup setup() {
            InMemorySetup full = new InMemorySetup();
            return new ContractSetup() {
                @Override
                public CloudProvider provider() {
                    return full.provider();
                }

                @Override
                public CloudProvider other() {
                    return full.other();
                }

                @Override
                public MachineSpec spec() {
                    return full.spec();
                }

                @Override
                public Ticker ticker() {
                    return full.ticker();
                }

                @Override
                public void close() {
                    full.close();
                }
            };
        }
    }

    private static CloudProvider withChannels(CloudProvider next, UnaryOperator<Channel> change) {
        return withShells(next, change, key -> false);
    }

    private static CloudProvider withShells(
            CloudProvider next, UnaryOperator<Channel> change, Predicate<KeyPair> hostKeys) {
        return new ForwardingProvider(next) {
            @Override
            public Shell open(Machine machine, ShellKeys keys) throws InterruptedException {
                return new ForwardingShell(super.open(machine, keys)) {
                    @Override
                    public Channel open(String command) throws InterruptedException {
                        return change.apply(super.open(command));
                    }

                    @Override
                    public boolean replaceHostKey(KeyPair newKey) {
                        return hostKeys.test(newKey);
                    }
                };
            }
        };
    }

    private static class OtherChannel implements Channel {
        private final Channel channel;

        OtherChannel(Channel channel) {
            this.channel = channel;
        }

        @Override
        public CompletableFuture<Void> write(ByteBuffer bytes) {
            return channel.write(bytes);
        }

        @Override
        public CompletableFuture<Void> closeInput() {
            return channel.closeInput();
        }

        @Override
        public CompletableFuture<ByteBuffer> read() {
            return channel.read();
        }

        @Override
        public CompletableFuture<OptionalInt> ended() {
            return channel.ended();
        }

        @Override
        public void close() {
            channel.close();
        }
    }
}
