package sshsig

import (
	"fmt"
	"io"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// AgentSigner returns a signer that has the ssh-agent at the other end of conn
// sign with the key that is public, which the error, of type [*KeyError], calls
// file. It signs for as long as conn is open; how long to wait for a person to
// touch a security key is up to conn.
func AgentSigner(conn io.ReadWriter, file string, public ssh.PublicKey) (ssh.Signer, error) {
	// Without Close on it the client needs no goroutine of its own.
	signers, err := agent.NewClient(struct{ io.ReadWriter }{conn}).Signers()
	if err != nil {
		return nil, &KeyError{file, "ssh-agent: " + strings.TrimPrefix(err.Error(), "agent: "), ""}
	}
	for _, signer := range signers {
		if string(signer.PublicKey().Marshal()) == string(public.Marshal()) {
			return signer, nil
		}
	}
	return nil, &KeyError{
		file,
		fmt.Sprintf("ssh-agent does not have this key; it has %d others", len(signers)),
		"ssh-add the private key, or unlock the agent",
	}
}
