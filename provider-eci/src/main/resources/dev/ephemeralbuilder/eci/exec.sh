#!/bin/sh
# Runs one command behind an exec WebSocket, which carries text and cannot say that input or output is over. So what
# travels is ASCII in both directions, whatever the bytes are, and each direction has an end of its own.
#
# Arguments: a nonce, then the command in pieces. Needs a POSIX shell, dd and base64.
# Out: the line "@NONCE ready", or "@NONCE needs TOOL ..."; then the output in frames, each base64 and ".NUMBER" with a
#   line end, numbers from 1; then the line "!NONCE end" when the command has ended and nobody holds its output open.
# In: frames, each a line with a length and so many characters, which are one line of base64; length 0 ends the input.

eb_nonce=$1
shift
eb_command=
for eb_piece do
    eb_command=$eb_command$eb_piece
done

# Banners may stand before it, without a line end.
echo
eb_missing=
for eb_tool in dd base64; do
    command -v "$eb_tool" >/dev/null 2>&1 || eb_missing="$eb_missing $eb_tool"
done
if [ -n "$eb_missing" ]; then
    echo "@$eb_nonce needs$eb_missing"
    exit 127
fi

# Whether dd can be told to go on reading until it has all: a pipe gives less.
eb_whole=
echo | dd bs=1 count=1 iflag=fullblock >/dev/null 2>&1 && eb_whole=yes
# Long lines are quicker.
eb_wrap=
[ "$(echo | base64 -w 0 2>/dev/null)" = Cg== ] && eb_wrap='-w 0'

# A container may have no HOME, or one that its user cannot write.
eb_is_home() {
    [ -n "$1" ] && [ -d "$1" ] && [ -w "$1" ]
}
if ! eb_is_home "${HOME-}"; then
    eb_user=$(id -u 2>/dev/null)
    eb_home=
    while IFS=: read -r eb_x eb_x eb_uid eb_x eb_x eb_dir eb_x; do
        if [ "$eb_uid" = "$eb_user" ]; then
            eb_home=$eb_dir
            break
        fi
    done 2>/dev/null </etc/passwd
    for HOME in "$eb_home" /root /tmp; do
        eb_is_home "$HOME" && break
    done
    export HOME
fi
cd "$HOME" 2>/dev/null || cd /

# Passes input on. When the command takes no more of it, the rest is thrown away: the transport must not stand still.
eb_in() {
    while read -r eb_length; do
        case $eb_length in
            0 | '' | *[!0-9]*) return ;;
        esac
        if [ -n "$eb_whole" ]; then
            dd bs="$eb_length" count=1 iflag=fullblock | base64 -d || break
        else
            read -r eb_line || return
            echo "$eb_line" | base64 -d || break
        fi
    done
    exec cat >/dev/null
}

# Passes output on, at each turn what is there. That there is no more is seen in the words of dd.
eb_out() {
    eb_number=0
    while :; do
        eb_words=$({ LC_ALL=C dd bs=64k count=1 | base64 $eb_wrap >&3; } 2>&1)
        case $eb_words in
            0+0\ *) return 0 ;;
            [01]+[01]\ *) ;;
            *) return 1 ;;
        esac
        eb_number=$((eb_number + 1))
        echo ".$eb_number" >&3 || return 1
    done
}

echo "@$eb_nonce ready"
# What this shell has to say, such as that a command was killed, is no part of the output.
exec 3>&1 4<&0 2>/dev/null
# The left side stays behind in the background; it ends with the input. It must hold nothing of the way out, hence the
# exec: redirections of a function leave copies with the shell. The colon is there to keep the group's shell, which holds
# the output open until the command has ended, also when the command closes its own before.
{
    {
        {
            exec <&4 3>&- 4<&-
            eb_in
        } &
    } | exec sh -c "$eb_command" 2>&1 3>&- 4<&-
    :
} | {
    exec 4<&-
    eb_out
} && echo "!$eb_nonce end"
