package calls

var x8664 *arch
