package machotest

// Large returns a program of 113 MiB, the size of a node runtime, that is signed ad
// hoc and claims to allow JIT.
func Large() []byte {
	claims := []any{"com.apple.security.cs.allow-jit", true}
	return Binary{TextSize: 113 << 20, Signature: &Signature{
		Flags: FlagAdHoc | FlagRuntime, Entitlements: XML(claims...), EntitlementsDER: DER(claims...),
	}}.Bytes()
}
