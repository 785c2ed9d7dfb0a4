using Llm42.Determinism.Tests.Schedules;

namespace Llm42.Determinism.Tests;

/// <summary>Removes the models that the tests wrote, once all of them have run.</summary>
[TestClass]
public static class Cleanup
{
    [AssemblyCleanup]
    public static void RemoveModels()
    {
        TestModels.RemoveFlat();
        CanonicalAnswers.Clear();
        TinyModel.RemoveAll();
    }
}
