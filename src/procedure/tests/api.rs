//! `GET /api/procedure` and `GET /api/procedure/due`.

use actix_web::App;
use actix_web::test::{TestRequest, call_service, init_service, read_body_json};
use actix_web::web::Data;
use serde_json::Value;

use super::super::Published;
use super::rules;

#[actix_web::test]
async fn the_calculator_answers_over_http() {
    let published = Data::new(Published::new(rules()));
    let app = App::new().app_data(published).configure(crate::api::procedure::routes);
    let app = init_service(app).await;
    let get = async |address: &str| {
        let answer = call_service(&app, TestRequest::get().uri(address).to_request()).await;
        let status = answer.status().as_u16();
        let body: Value = read_body_json(answer).await;
        (status, body)
    };
    let (status, rows) = get("/api/procedure").await;
    assert_eq!(status, 200);
    assert_eq!(rows["nodes"].as_array().map(Vec::len), Some(75));
    assert_eq!(rows["nodes"][0]["code"], "A01");
    assert_eq!(rows["procedure"]["version"], 1);
    let due = "/api/procedure/due?node=T01&from=2026-02-10T09:30:00%2B08:00";
    let (status, body) = get(&format!("{due}&suspend=2026-02-20/2026-03-05")).await;
    assert_eq!((status, &body["due"]), (200, &Value::from("2026-08-24T23:59:59+08:00")));
    assert_eq!(body["warn"][0], "2026-07-25T09:00:00+08:00");
    assert_eq!(body["provisional"], false);
    assert!(body["because"].as_array().is_some_and(|because| because.len() >= 4), "{body}");
    let two = "&suspend=2026-03-01/2026-03-11&suspend=2026-03-06/2026-03-16&extend=0";
    let (_, body) = get(&format!("{due}{two}")).await;
    assert_eq!(body["due"], "2026-08-25T23:59:59+08:00");
    // A plus sign that nobody encoded.
    let (_, body) = get("/api/procedure/due?node=T01&from=2026-02-10T09:30:00+08:00").await;
    assert_eq!(body["due"], "2026-08-10T23:59:59+08:00");
    for (query, pointer, code) in [
        ("from=2026-02-10", "/node", "missing"),
        ("node=T01", "/from", "missing"),
        ("node=T01&from=soon", "/from", "time-invalid"),
        ("node=W02&from=2026-02-10", "/node", "condition"),
        ("node=T01&from=2026-02-10&suspend=2026-03-05/2026-03-01", "/suspend", "interval-reversed"),
        ("node=T01&from=2026-02-10&extend=-1", "/extend", "out-of-range"),
        ("node=T01&from=2026-02-10&extend=3661", "/extend", "out-of-range"),
        ("node=T01&from=2026-02-10&round=x", "/round", "out-of-range"),
    ] {
        let (status, body) = get(&format!("/api/procedure/due?{query}")).await;
        assert_eq!(
            (status, &body["errors"][0]["pointer"]),
            (422, &Value::from(pointer)),
            "{query}"
        );
        assert_eq!(body["errors"][0]["code"], code, "{query}");
    }
    let long = format!("{due}&suspend={}", "2".repeat(9_000));
    for query in [long.as_str(), &format!("{due}&node=T02"), &format!("{due}&x=1")] {
        assert_eq!(get(query).await.0, 400, "{query}");
    }
}
