package cli

import (
	"bytes"
	"errors"
	"fmt"
	"net"

	"golang.org/x/crypto/ssh"

	"github.com/codewarrant/codewarrant/approval"
	"github.com/codewarrant/codewarrant/internal/sshsig"
)

// maxKey bounds what is read of a file with a key, in bytes. The largest that
// ssh-keygen makes has 13 KiB.
const maxKey = 64 << 10

// sign returns a signature over the text, made with the key that the options name or
// made elsewhere.
func sign(env Env, o approveOptions, text []byte) ([]byte, error) {
	if o.signature != "" {
		b, err := readBounded(o.signature, sshsig.MaxSize)
		if err != nil {
			return nil, fmt.Errorf("--signature: %w", err)
		}
		return append(bytes.TrimRight(b, "\n"), '\n'), nil
	}
	signer, closeAgent, err := signerOf(env, o)
	if err != nil {
		var key *sshsig.KeyError
		if errors.As(err, &key) && key.Hint != "" {
			return nil, hinted{err, key.Hint}
		}
		return nil, err
	}
	defer closeAgent()
	return sshsig.Sign(signer, text, approval.Namespace)
}

// signerOf returns what signs, and what to call when it has.
func signerOf(env Env, o approveOptions) (ssh.Signer, func(), error) {
	if o.key != "" {
		src, err := readBounded(o.key, maxKey)
		if err != nil {
			return nil, nil, fmt.Errorf("--key: %w", err)
		}
		signer, err := sshsig.ParsePrivateKey(o.key, src)
		return signer, func() {}, err
	}
	src, err := readBounded(o.agent, maxKey)
	if err != nil {
		return nil, nil, fmt.Errorf("--agent: %w", err)
	}
	public, err := sshsig.ParsePublicKey(o.agent, src)
	if err != nil {
		return nil, nil, err
	}
	socket := env.Getenv("SSH_AUTH_SOCK")
	if socket == "" {
		return nil, nil, hinted{errors.New("--agent: SSH_AUTH_SOCK is not set, so that no ssh-agent is known"), "start ssh-agent, and ssh-add the key"}
	}
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return nil, nil, fmt.Errorf("--agent: %w", err)
	}
	signer, err := sshsig.AgentSigner(conn, o.agent, public)
	if err != nil {
		conn.Close()
		return nil, nil, err
	}
	return signer, func() { conn.Close() }, nil
}
