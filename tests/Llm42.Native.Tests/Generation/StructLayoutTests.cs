using Llm42.Native.Tests.Generated;

namespace Llm42.Native.Tests.Generation;

[TestClass]
public sealed class StructLayoutTests
{
    [TestMethod]
    public void Every_struct_has_the_layout_that_the_native_compiler_checked()
    {
        StructLayoutFact[] facts = [.. StructLayouts.All()];
        Assert.IsGreaterThan(100, facts.Length);
        string[] wrong = [.. facts.Where(fact => fact.Actual != fact.Expected).Select(fact => fact.ToString())];
        Assert.IsEmpty(wrong, string.Join('\n', wrong));
    }
}
