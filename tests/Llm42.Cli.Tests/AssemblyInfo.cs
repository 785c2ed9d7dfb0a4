// Most tests run processes that are over before their second thread is of use; classes whose engines compute for longer
// run one after another, as their attributes say.
[assembly: Parallelize(Scope = ExecutionScope.MethodLevel)]
