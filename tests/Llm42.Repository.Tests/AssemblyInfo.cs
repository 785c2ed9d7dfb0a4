// Classes beside each other, since the tools that they wait for have one thread mostly; those that build with dotnet
// share its intermediate files, and run one after another as their attributes say.
[assembly: Parallelize(Scope = ExecutionScope.ClassLevel)]
