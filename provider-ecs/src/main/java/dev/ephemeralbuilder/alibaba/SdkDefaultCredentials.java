package dev.ephemeralbuilder.alibaba;

import com.aliyuncs.auth.BasicSessionCredentials;
import com.aliyuncs.auth.DefaultCredentialsProvider;
import com.aliyuncs.exceptions.ClientException;
import dev.ephemeralbuilder.CredentialsException;
import org.jspecify.annotations.Nullable;

/** The SDK's default chain behind our interface. */
final class SdkDefaultCredentials implements AlibabaCredentials {
    private @Nullable DefaultCredentialsProvider chain;

    @Override
    public AccessKey current() {
        try {
            com.aliyuncs.auth.AlibabaCloudCredentials found = chain().getCredentials();
            String token = found instanceof BasicSessionCredentials session ? session.getSessionToken() : null;
            return new AccessKey(found.getAccessKeyId(), found.getAccessKeySecret(), token);
        } catch (ClientException e) {
            // The SDK's message names every link of the chain with what it found there; none of it is passed on.
            throw new CredentialsException(
                    "There are no credentials: the SDK's default chain found none in the environment, the CLI's profile,"
                            + " OIDC or the machine's RAM role",
                    null,
                    null,
                    null);
        }
    }

    private synchronized DefaultCredentialsProvider chain() throws ClientException {
        DefaultCredentialsProvider c = chain;
        if (c == null) {
            c = new DefaultCredentialsProvider();
            chain = c;
        }
        return c;
    }
}
