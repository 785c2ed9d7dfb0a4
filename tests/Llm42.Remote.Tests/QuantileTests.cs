using Llm42.Cli.Statistics;

namespace Llm42.Remote.Tests;

[TestClass]
public sealed class QuantileTests
{
    // By hand; numpy.percentile says the same.
    [TestMethod]
    [DataRow(new[] { 1.0, 2, 3, 4 }, 0.5, 2.5)]
    [DataRow(new[] { 1.0, 2, 3, 4 }, 0.9, 3.7)]
    [DataRow(new[] { 1.0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 }, 0.9, 10.0)]
    [DataRow(new[] { 1.0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 }, 0.99, 10.9)]
    [DataRow(new[] { 5.0 }, 0.99, 5.0)]
    [DataRow(new[] { 5.0, 7.0 }, 0, 5.0)]
    [DataRow(new[] { 5.0, 7.0 }, 1, 7.0)]
    public void Quantiles(double[] sorted, double share, double expected) =>
        Assert.AreEqual(expected, Quantile.Of(sorted, share), 1e-12);
}
