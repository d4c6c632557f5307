package cli

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/policy"
)

// What shells offer is looked up when it is asked for. A policy that cannot be read then
// leaves nothing to offer: it is told when the command runs.

// complete offers a closed list of values for a flag.
func complete(cmd *cobra.Command, flag string, values []string) {
	cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
}

// completeFrom offers for a flag what list returns.
func completeFrom(cmd *cobra.Command, flag string, list func() []string) {
	cmd.RegisterFlagCompletionFunc(flag, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return list(), cobra.ShellCompDirectiveNoFileComp
	})
}

// completePolicy offers presets and files for the flag that names a policy.
func completePolicy(cmd *cobra.Command) {
	cmd.RegisterFlagCompletionFunc("policy", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return presets(), cobra.ShellCompDirectiveDefault
	})
}

// completeFolders offers folders for a flag.
func completeFolders(cmd *cobra.Command, flag string) {
	cmd.RegisterFlagCompletionFunc(flag, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return nil, cobra.ShellCompDirectiveFilterDirs
	})
}

// upTo offers the same for as many arguments, and nothing for more.
func upTo(n int, f cobra.CompletionFunc) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		if len(args) >= n {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return f(cmd, args, begun)
	}
}

// policyArgs completes as many policies: presets and files.
func policyArgs(n int) cobra.CompletionFunc {
	return upTo(n, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return presets(), cobra.ShellCompDirectiveDefault
	})
}

// policyFileArgs completes policies that are files.
func policyFileArgs(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return []string{"yml", "yaml"}, cobra.ShellCompDirectiveFilterFileExt
}

// offeredPolicy returns the policy of that name, without what would take the network.
func offeredPolicy(name string) *policy.Policy {
	p, err := policyReader{}.load(name)
	if err != nil {
		return &policy.Policy{}
	}
	return p
}

// stages are the stages of a policy.
func stages(name string) []string {
	var names []string
	for _, s := range offeredPolicy(name).Stages {
		names = append(names, s.Name)
	}
	return names
}

// exceptions are the ids of a policy's exceptions, with what they are about.
func exceptions(name string) []string {
	var ids []string
	for _, e := range offeredPolicy(name).Exceptions {
		ids = append(ids, e.ID+"\t"+e.Entitlement)
	}
	return ids
}

// subjects are all names that can be explained.
func subjects() []string {
	var names []string
	for _, r := range check.Rules() {
		names = append(names, r.ID+"\t"+r.Title)
	}
	return slices.Concat(names, entitlements())
}

// entitlements are the documented entitlements, with their titles.
func entitlements() []string {
	var names []string
	for _, k := range entitlement.AllKnown() {
		names = append(names, k.Key+"\t"+k.Title)
	}
	return names
}
