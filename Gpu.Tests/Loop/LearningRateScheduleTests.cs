using System.Text.Json;
using Gpu.Training.Loop;

namespace Gpu.Tests.Loop;

public class LearningRateScheduleTests
{
    [Theory]
    [InlineData("constant", 0, 1)]
    [InlineData("constant", 99, 1)]
    [InlineData("step:every=2,factor=0.5", 19, 1)]
    [InlineData("step:every=2,factor=0.5", 20, 0.5)]
    [InlineData("step:every=2,factor=0.5", 99, 0.0625)]
    [InlineData("exponential:factor=0.9", 20, 0.81)]
    [InlineData("cosine", 0, 1)]
    [InlineData("cosine", 99, 0)]
    [InlineData("cosine:final=0.2", 99, 0.2)]
    [InlineData("linear:final=0.01", 99, 0.01)]
    [InlineData("linear", 0, 1)]
    [InlineData("polynomial", 0, 1)]
    [InlineData("polynomial", 33, 4.0 / 9)]
    [InlineData("polynomial", 99, 0)]
    [InlineData("polynomial:power=3,final=0.1", 66, 0.1 + 0.9 / 27)]
    [InlineData("polynomial:power=0.5,final=0.2", 99, 0.2)]
    [InlineData("onecycle", 0, 0.04)]
    [InlineData("onecycle", 99, 0)]
    [InlineData("inverse-sqrt:delta=3", 1, 0.5)]
    [InlineData("inverse-sqrt:delta=3,per=epoch", 9, 1)]
    [InlineData("inverse-sqrt:delta=3,per=epoch", 10, 0.5)]
    [InlineData("inverse-sqrt-constant:delta=3", 0, 0.5)]
    [InlineData("inverse-sqrt-constant:delta=3", 99, 0.5)]
    [InlineData("inverse-time:delta=0.1", 10, 0.5)]
    [InlineData("cosine:per=epoch", 49, 0.65450849718747373)]
    [InlineData("cosine:per=epoch", 50, 0.5)]
    [InlineData("cosine-restarts:period=2", 19, 0.0061558297024311148)]
    [InlineData("cosine-restarts:period=2", 20, 1)]
    [InlineData("cosine-restarts:period=2,growth=2", 59, 0.0015413331334360182)]
    [InlineData("cosine-restarts:period=2,growth=2", 60, 1)]
    public void FactorFollowsTheSchedule(string text, long step, double expected) =>
        Assert.Equal(expected, LearningRateSchedule.Parse(text).FactorAt(step, 0, 100, 10), 1e-9);

    [Fact]
    public void CosineIsOneHalfInTheMiddle() => Assert.Equal(0.5, LearningRateSchedule.Parse("cosine").FactorAt(50, 0, 101, 10), 1e-9);

    [Fact]
    public void PolynomialOfPowerOneIsLinear()
    {
        var (polynomial, linear) = (LearningRateSchedule.Parse("polynomial:power=1,final=0.1"), LearningRateSchedule.Parse("linear:final=0.1"));
        for (var step = 0; step < 120; step++) Assert.Equal(linear.FactorAt(step, 5, 110, 10), polynomial.FactorAt(step, 5, 110, 10), 1e-12);
    }

    [Fact]
    public void PolynomialHasItsPowerAndFinalByDefault() => Assert.Contains("polynomial:power=2,final=0", LearningRateSchedule.All);

    [Fact]
    public void OneCyclePeaksAtTheEndOfItsRise()
    {
        var schedule = LearningRateSchedule.Parse("onecycle:rise=0.25");
        var factors = Enumerable.Range(0, 400).Select(step => schedule.FactorAt(step, 0, 400, 10)).ToArray();
        Assert.Equal(1, factors[99], 1e-9);
        Assert.Equal(factors.Max(), factors[99]);
        Assert.All(factors, factor => Assert.InRange(factor, 0, 1));
    }

    [Fact]
    public void WarmupRisesToTheSchedulesFirstFactor()
    {
        var schedule = LearningRateSchedule.Parse("cosine");
        Assert.Equal(0.25, schedule.FactorAt(0, 4, 104, 10), 1e-9);
        Assert.Equal(1, schedule.FactorAt(3, 4, 104, 10), 1e-9);
        Assert.Equal(1, schedule.FactorAt(4, 4, 104, 10), 1e-9);
        Assert.Equal(0, schedule.FactorAt(103, 4, 104, 10), 1e-9);
    }

    [Theory]
    [InlineData("constant")]
    [InlineData("step:every=3,factor=0.5")]
    [InlineData("exponential:factor=0.95")]
    [InlineData("cosine:final=0.1")]
    [InlineData("linear:final=0.1")]
    [InlineData("polynomial:power=3,final=0.1")]
    [InlineData("onecycle:rise=0.2,start=0.1,final=0.01")]
    [InlineData("inverse-sqrt:delta=0.5")]
    [InlineData("inverse-sqrt-constant:delta=0.5")]
    [InlineData("inverse-time:delta=0.5,per=epoch")]
    [InlineData("constant:per=epoch")]
    [InlineData("cosine-restarts:period=3,growth=2,final=0.1")]
    [InlineData("plateau:factor=0.5,patience=3,threshold=0.01,cooldown=1,least=0.1")]
    public void TextAndJsonRoundTrip(string text)
    {
        var schedule = LearningRateSchedule.Parse(text);
        Assert.Equal(text, schedule.ToString());
        Assert.Equal(schedule, JsonSerializer.Deserialize<LearningRateSchedule>(JsonSerializer.Serialize(schedule)));
        Assert.NotEqual(schedule, LearningRateSchedule.Parse("linear:final=0.5"));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void EveryScheduleStaysBetween0And1(string text)
    {
        var schedule = LearningRateSchedule.Parse(text);
        Assert.All(Enumerable.Range(0, 203), step => Assert.InRange(schedule.FactorAt(step, 2, 200, 10), 0, 1));
    }

    public static TheoryData<string> All() => [.. LearningRateSchedule.All];

    [Theory]
    [InlineData("{\"kind\":\"cosine\"}", "a string such as")]
    [InlineData("\"cosin\"", "Did you mean 'cosine'?")]
    public void InvalidJsonThrows(string json, string expected) => Assert.Contains(expected,
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<LearningRateSchedule>(json)).Message);

    [Theory]
    [InlineData("cosin", "Did you mean 'cosine'?")]
    [InlineData("cosine:end=1", "takes final=number")]
    [InlineData("step:evry=1", "Did you mean 'every'?")]
    [InlineData("step:every", "every=number")]
    [InlineData("step:every=0", "above 0")]
    [InlineData("step:factor=abc", "factor=abc")]
    [InlineData("cosine:final=2", "0 to 1")]
    [InlineData("polynomial:power=0", "a number above 0")]
    [InlineData("polynomial:final=-1", "0 to 1")]
    [InlineData("polynomial:pwer=2", "Did you mean 'power'?")]
    [InlineData("constant:x=1", "takes per=step or per=epoch")]
    [InlineData("cosine:per=hour", "per must be step or epoch")]
    [InlineData("plateau:patience=1.5", "a whole number")]
    [InlineData("inverse-sqrt:delta=-1", "0 or more")]
    [InlineData("cosine-restarts:growth=0.5", "1 or more")]
    public void InvalidTextIsExplained(string text, string expected) => Assert.Contains(expected,
        Assert.Throws<FormatException>(() => LearningRateSchedule.Parse(text)).Message);
}
