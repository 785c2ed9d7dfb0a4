using System.Runtime.CompilerServices;

namespace Llm42.Native.Tests.Devices;

/// <summary>A test of an operator: inconclusive, by name, on a backend that does not have the operator yet.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class OperatorTestMethodAttribute(
    [CallerFilePath] string callerFilePath = "", [CallerLineNumber] int callerLineNumber = -1)
    : TestMethodAttribute(callerFilePath, callerLineNumber)
{
    /// <summary>How the native library begins the message of an operator that is still to come.</summary>
    public const string NotImplemented = "not implemented yet on cuda: ";

    public override async Task<TestResult[]> ExecuteAsync(ITestMethod testMethod)
    {
        TestResult[] results = await base.ExecuteAsync(testMethod);
        foreach (TestResult result in results)
        {
            for (Exception? error = result.TestFailureException; error is not null; error = error.InnerException)
            {
                if (error is NativeException { Status: Status.Unsupported }
                    && error.Message.Contains(NotImplemented, StringComparison.Ordinal))
                {
                    result.Outcome = UnitTestOutcome.Inconclusive;
                    result.TestFailureException = new AssertInconclusiveException(error.Message);
                    break;
                }
            }
        }

        return results;
    }
}
