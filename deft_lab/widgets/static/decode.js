// sources core/layout.js core/theme.js core/tree.js core/words.js decode/decode.css decode/film.js decode/layout.js decode/player.js decode/run.js decode/views.js widgets/decode.js build.mjs package-lock.json sha256 180dbe29c2e19746
/*! contains Preact, MIT licence, Copyright (c) 2015-present Jason Miller */
var k,Le,ct,E,oe,K,Pe,W,Ce,re,se,dt,B=Symbol.for("pv"),V={},J=[],ht=/^m(i|n|o|s|text|space)$/,ae=Array.isArray,ie=J.slice,N=Object.assign;function C(e){e&&e.parentNode&&e.remove()}function d(e,t,n){var o,r,s,a={},l=arguments.length;for(s in t)s=="key"?o=t[s]:s=="ref"&&typeof e!="function"?r=t[s]:a[s]=t[s];return l>2&&(a.children=l>3?ie.call(arguments,2):n),j(e,a,o,r,null)}function j(e,t,n,o,r){var s={type:e,props:t,key:n,ref:o,__k:null,__:null,__b:0,__e:null,__c:null,constructor:B,__v:r||++Le,__i:-1,__u:0};return!r&&k.vnode&&k.vnode(s),s}function Q(e){return e.children}function R(e,t){this.props=e,this.context=t,this.__g=0}function L(e,t){if(t==null)return e.__&&L(e.__,e.__i+1);for(var n;t<e.__k.length;t++)if((n=e.__k[t])&&n.__e)return n.__e;return typeof e.type!="function"||e.props.__P?null:L(e)}function ut(e){var t,n=e.__v,o=n.__e,r=[],s=[],a=e.__P;a&&((t=N({constructor:B},n)).__v=n.__v+1,k.vnode&&k.vnode(t),le(a,t,n,e.__n,a.namespaceURI,32&n.__u?[o]:null,r,o||L(n),32&n.__u,s),t.__v=n.__v,t.__.__k[t.__i]=t,qe(r,t,s),n.__=n.__e=null,t.__e!=o&&Ne(t))}function Ne(e){if((e=e.__)&&e.__c&&!e.props.__P)return e.__e=null,e.__k.some(function(t){return t&&(e.__e=t.__e)}),Ne(e)}function Oe(e){(8&e.__g||(e.__g|=8,E.push(e),K++))&&oe==k.debounceRendering||((oe=k.debounceRendering)||queueMicrotask)(Ie)}function Ie(){try{for(var e,t=1;E.length;)E.length>t&&E.sort(Pe),e=E.shift(),t=E.length,8&e.__g&&ut(e)}finally{(K=E.length)&&(oe||queueMicrotask)(Ie)}}function je(e,t,n,o,r,s,a,l,h,_,c){var p,u,i,g,m,y,x=o.__k||J,b=t.length;for(h=pt(n,t,x,h,b),p=0;p<b;p++)(i=n.__k[p])!=null&&(u=~i.__i&&x[i.__i]||V,i.__i=p,y=le(e,i,u,r,s,a,l,h,_,c),g=i.__e,(u.ref!=i.ref||8&u.__u)&&(u.ref&&ce(u.ref,null,i,u),i.ref&&c.push(i.ref,i.__c||g,i)),m=m||g,4&i.__u?(h=Be(i,h,e,!u.__v),u.__e&&(u.__e=null)):typeof i.type=="function"&&y!==void 0?h=y:g&&(h=g.nextSibling),i.__u&=-21);return n.__e=m,h}function pt(e,t,n,o,r){var s,a,l,h,_,c,p,u,i,g=n.length,m=g,y=0,x=0,b=e.__k=Array(r);for(s=0;s<r;s++)(a=t[s])!=null&&typeof a!="boolean"&&typeof a!="function"?(typeof a!="object"||a.constructor===String?a=b[s]=j(null,a):ae(a)?a=b[s]=j(Q,{children:a}):a.constructor===B&&a.__b?a=b[s]=j(a.type,a.props,a.key,a.ref,a.__v):b[s]=a,h=s+y,a.__=e,a.__b=e.__b+1,l=null,~(_=a.__i=ft(a,n,h,m))&&(m--,(l=n[_])&&(l.__u|=2)),l&&l.__v?(a.__u|=16,_==h-1?y--:_==h+1?y++:_!=h&&(_>h?y--:y++,x=1)):(~_||(r>g?y--:r<g&&y++),typeof a.type!="function"&&(a.__u|=4))):b[s]=null;if(x){for(c=[],p=[],s=0;s<r;s++)if((a=b[s])&&16&a.__u){for(y=0,u=c.length;y<u;)c[i=y+u>>1]<a.__i?y=i+1:u=i;c[y]=a.__i,p[s]=y+1}for(y=c.length;s--;)p[s]&&(p[s]==y?y--:b[s].__u|=4)}if(m)for(s=0;s<g;s++)!(l=n[s])||2&l.__u||(l.__e==o&&(o=L(l)),de(l,l));return o}function Be(e,t,n,o){var r,s,a,l;if(typeof e.type=="function"){if(e.props.__P)return t;if(r=e.__k)for(s=0;s<r.length;s++)r[s]&&(r[s].__=e,t=Be(r[s],t,n,!1));return t}for(t&&!t.parentNode&&(t=L(e))&&!t.parentNode&&(t=null),a=e.__e,l=t;l&&l.nodeType==8;)l=l.nextSibling;for(a!=l&&(!o&&n.moveBefore&&a.parentNode?n.moveBefore(a,t):n.insertBefore(a,t||null)),t=a;(t=t&&t.nextSibling)&&t.nodeType==8&&!t.data.startsWith("$s"););return t}function ft(e,t,n,o){var r,s=e.key,a=e.type,l=t[n],h=l&&!(2&l.__u);if(l===null&&s==null||h&&s==l.key&&a==l.type)return n;if(o>(h?1:0)){for(r=n-1;r>=0;r--)if((l=t[r])&&!(2&l.__u)&&s==l.key&&a==l.type)return r;for(r=n+1;r<t.length;r++)if((l=t[r])&&!(2&l.__u)&&s==l.key&&a==l.type)return r}return-1}function Ee(e,t,n){n==null&&(n=""),t[0]=="-"?e.setProperty(t,n):e[t]=n}function H(e,t,n,o,r){var s,a;if(t=="style")if(typeof n=="string")e.style.cssText=n;else{if(typeof o=="string"&&(e.style.cssText=o=""),o)for(t in o)n&&t in n||Ee(e.style,t);if(n)for(t in n)o&&n[t]==o[t]||Ee(e.style,t,n[t])}else if(t[0]=="o"&&t[1]=="n")typeof n!="function"&&(n=null),typeof o!="function"&&(o=null),(e.__e||(e.__e={}))[t]=n,n&&o||(a=se[t]||(se[t]=_t(t)),(e.__a||(e.__a={}))[t]=re,s=t!=(t=t.replace(Ce,"$1")),(t=t.slice(2))[0]<"a"&&(t=t.toLowerCase()),n?e.addEventListener(t,a,s):e.removeEventListener(t,a,s));else{if(r=="http://www.w3.org/2000/svg")t=t.replace(/xlink(H|:h)/,"h").replace(/sName$/,"s");else if(t!="width"&&t!="height"&&t!="href"&&t!="list"&&t!="form"&&t!="tabIndex"&&t!="download"&&t!="rowSpan"&&t!="colSpan"&&t!="role"&&t!="popover"&&t in e)try{return void(e[t]=n??"")}catch{}if(typeof n=="function")return;n==null||n===!1&&t[4]!="-"?e.removeAttribute(t):e.setAttribute(t,t=="popover"&&n==1?"":n)}}function _t(e){return function(t){var n=this.__e;if(n){if(n=n[e],t[W]==null)t[W]=re++;else if(t[W]<this.__a[e])return;return n(k.event?k.event(t):t)}}}function le(e,t,n,o,r,s,a,l,h,_){var c,p,u,i,g,m,y,x,b,$,f,v,ne,T,S,Te,O,P,A=t.type;if(t.constructor!==B)return null;128&n.__u&&(h=32&n.__u,c=n.__c.__z)&&(t.__u|=h,p=s=[],c.nodeType==8?l=z(c,s):s.push(c),l=s[0]||l),(c=k.__b)&&c(t);e:if(typeof A=="function"){u=a.length;try{if(x=t.props,b=(c=A.prototype)&&c.render,$=(c=A.contextType)&&o[c.__c],f=c?$?$.props.value:c.__:o,(i=n.__c)?(t.__c=i,2&i.__g&&(i.__g|=1)):(b?t.__c=i=new A(x,f):(t.__c=i=new R(x,f),i.constructor=A,i.render=mt),$&&$.sub(i),i.state||(i.state={}),i.__n=o,i.__g|=8,i.__h=[],i.__k=[]),b&&(i.__s||(i.__s=i.state),A.getDerivedStateFromProps&&(i.__s==i.state&&(i.__s=N({},i.__s)),N(i.__s,A.getDerivedStateFromProps(x,i.__s)))),g=i.props,m=i.state,i.__v=t,n.__c){if(x!==g&&b&&!A.getDerivedStateFromProps&&i.componentWillReceiveProps&&i.componentWillReceiveProps(x,f),t.__v==n.__v&&!(8&i.__g)||!(4&i.__g)&&i.shouldComponentUpdate&&i.shouldComponentUpdate(x,i.__s,f)===!1){t.__v!=n.__v&&(i.props=x,i.state=i.__s,i.__g&=-9),t.__e=n.__e,t.__k=n.__k,t.__k.some(function(M){M&&(M.__=t)}),J.push.apply(i.__h,i.__k),i.__k=[],i.__h.length&&a.push(i),l=L(n);break e}i.componentWillUpdate&&i.componentWillUpdate(x,i.__s,f),b&&i.componentDidUpdate&&i.__h.push(function(){i.componentDidUpdate(g,m,y)})}else b&&!A.getDerivedStateFromProps&&i.componentWillMount&&i.componentWillMount(),b&&i.componentDidMount&&i.__h.push(i.componentDidMount);i.context=f,i.props=x,i.__P=e,i.__g&=-5,v=k.__r,ne=b?25:0;do i.__g&=-9,v&&v(t),c=i.render(i.props,i.state=i.__s,i.context);while(8&i.__g&&++ne<25);b&&(J.push.apply(i.__h,i.__k),i.__k=[]),i.state=i.__s,i.getChildContext&&(o=N({},o,i.getChildContext())),b&&n.__c&&i.getSnapshotBeforeUpdate&&(y=i.getSnapshotBeforeUpdate(g,m)),T=c&&c.type===Q&&c.key==null?c.props.children:c,x.__P&&(c=l,r=(e=x.__P).namespaceURI,h=s=null,n.props&&n.props.__P!=e&&(n.__k.some(function(M){M&&de(M,M)}),n.__k=null),l=n.__k?L(n,0):null),l=je(e,ae(T)?T:[T],t,n,o,r,s,a,l,h,_),x.__P&&(t.__e=null,l=c),t.__u&=-161,p&&p.some(C),i.__h.length&&a.push(i),1&i.__g&&(i.__g&=-4)}catch(M){if(a.length=u,t.__v=null,h||s)if(M&&M.then){if(t.__u|=128|h,s){for(~(O=s.indexOf(l||void 0))||(O=s.length);(P=s[O-1])&&P.nodeType==8;)O--;for(;O<s.length;O++)if(P=s[O])if(s[O]=null,S){if(P==Te)break}else{if(P.nodeType!=8)break;P.data.startsWith("$s")&&(Te=z(S=P))}}if(!S){for(;l&&l.nodeType==8&&l.nextSibling;)l=l.nextSibling;S=l}(c=z(S=t.__c.__z||(t.__c.__z=S)))?(t.__e=S,l=c):t.__e=l,l=l&&l.nextSibling}else s&&s.some(C);else t.__e=n.__e;t.__k||(t.__k=n.__k||[]),M&&M.then||De(t),k.__e(M,t,n)}}else l=t.__e=gt(n.__e,t,n,o,r,s,a,h,_,e);return(c=k.diffed)&&c(t),l}function z(e,t){if(e&&e.nodeType==8&&e.data.startsWith("$s"))for(var n=1;e=e.nextSibling;){if(e.nodeType==8){if(e.data.startsWith("$s"))n++;else if(e.data.startsWith("/$s")&&!--n)return e}t&&t.push(e)}}function De(e){e&&(e.__c&&(e.__c.__g|=4),e.__k&&e.__k.some(De))}function qe(e,t,n){for(var o=0;o<n.length;)ce(n[o++],n[o++],n[o++]);k.__c&&k.__c(t,e),e.some(function(r){try{e=r.__h,r.__h=[],e.some(function(s){s.call(r)})}catch(s){k.__e(s,r.__v)}})}function gt(e,t,n,o,r,s,a,l,h,_){var c,p,u,i,g,m,y,x,b=n.props||V,$=t.props,f=t.type;if(f=="svg"?r="http://www.w3.org/2000/svg":f=="math"?r="http://www.w3.org/1998/Math/MathML":r||(r="http://www.w3.org/1999/xhtml"),s){for(c=0;c<s.length;c++)if((g=s[c])&&(f?g.localName==f:g.nodeType==3)){e=g,s[c]=null;break}}if(!e){if(x=_.ownerDocument||document,!f)return x.createTextNode($);e=x.createElementNS(r,f,$.is?$:_),l&&(k.__m&&k.__m(t,s),l=!1),s=null}if(f){if(_=f=="template"&&e.content||e,s=f=="textarea"&&$.defaultValue!=null?null:s&&ie.call(_.childNodes),!l&&s)for(b={},c=0;c<e.attributes.length;c++)b[(g=e.attributes[c]).name]=g.value;for(c in b)g=b[c],c=="dangerouslySetInnerHTML"?u=g:c=="children"||c in $||c=="value"&&"defaultValue"in $||c=="checked"&&"defaultChecked"in $||H(e,c,null,g,r);for(c in $)g=$[c],c=="children"?i=g:c=="dangerouslySetInnerHTML"?p=g:c=="value"?m=g:c=="checked"?y=g:l&&typeof g!="function"||b[c]===g||H(e,c,g,b[c],r);p?(l||u&&(p.__html==u.__html||p.__html==e.innerHTML)||(e.innerHTML=p.__html),t.__k=[]):(u&&(e.textContent=""),(f=="foreignObject"||r=="http://www.w3.org/1998/Math/MathML"&&ht.test(f))&&(r="http://www.w3.org/1999/xhtml"),je(_,ae(i)?i:[i],t,n,o,r,s,a,s?s[0]:n.__k&&L(n,0),l,h),s&&s.some(C)),l&&f!="textarea"||(c="value",f=="progress"&&m==null?e.removeAttribute(c):m==null||m===e[c]&&(f!="progress"||m)||H(e,c,m,b[c],r),c="checked",y!=null&&y!=e[c]&&H(e,c,y,b[c],r))}else b===$||l&&e.data==$||(e.data=$);return e}function ce(e,t,n,o){try{typeof e=="function"?t?t.__x=e(t)||1:o&&(o=o.__c||o.__e)&&(t=o.__x)&&(o.__x=null,typeof t=="function"?t():e(null)):e.current=t}catch(r){k.__e(r,n)}}function de(e,t,n){var o,r,s,a;if(k.unmount&&k.unmount(e),!(o=e.ref)||o.current&&o.current!=e.__e||ce(o,null,t,e),o=e.__c){if(o.componentWillUnmount)try{o.componentWillUnmount()}catch(l){k.__e(l,t)}o.__P=o.__n=null}if(o=e.__k)for(a=0;a<o.length;a++)o[a]&&de(o[a],t,typeof e.type!="function"||n&&!e.props.__P);!n&&(o=e.__c)&&(o=o.__z)&&(r=z(o,s=[]))&&(o==e.__e&&s.some(C),C(r),C(o)),n||C(e.__e),e.__e=e.__c=e.__=null}function mt(e,t,n){return this.constructor(e,n)}function he(e,t){var n,o,r,s;k.__&&k.__(e,t),t.nodeType==9&&(t=t.documentElement),o=(n=e&&32&e.__u)?null:t.__k,t.__k=j(Q,{children:[e]}),r=[],s=[],le(t,t.__k,o||V,V,t.namespaceURI,o?null:t.firstChild?ie.call(t.childNodes):null,r,o?o.__e:t.firstChild,n,s),qe(r,t.__k,s),t.__k.props.children=null}k={__e:function(e,t,n,o){for(var r,s,a;t=t.__;)if((r=t.__c)&&!(1&r.__g)){r.__g|=4;try{if((a=(s=r.constructor)&&s.getDerivedStateFromError)&&r.setState(s.getDerivedStateFromError(e)),r.componentDidCatch&&(r.componentDidCatch(e,o||{}),a=1),a&&8&r.__g)return void(r.__g|=2)}catch(l){e=l}}throw K=0,e}},Le=0,ct=function(e){return e!=null&&e.constructor===B},R.prototype.setState=function(e,t){var n=this.__s;n&&n!=this.state||(n=this.__s=N({},this.state)),typeof e=="function"&&(e=e(N({},n),this.props)),e&&(N(n,e),this.__v&&(t&&this.__k.push(t),Oe(this)))},R.prototype.forceUpdate=function(e){this.__v&&(this.__g|=4,e&&this.__h.push(e),Oe(this))},R.prototype.render=Q,E=[],K=0,Pe=function(e,t){return e.__v.__b-t.__v.__b},W=Symbol(),Ce=/(PointerCapture)$|Capture$/i,re=0,se={},dt=0;function Fe(e){return Number.isInteger(e)?Math.abs(e)<1e3?String(e):String(e).replace(/\B(?=(\d{3})+$)/g,","):e.toLocaleString("en-US")}var G=Fe;function He(e,t){let n=e*2**(t+1),o=Number.isInteger(n)&&n%2!==0,r=Math.floor(e*10**t),s=o?(r+(r%2===0?0:1))/10**t:e,[a,l]=s.toFixed(t).split("."),h=a.replace(/\B(?=(\d{3})+$)/g,",");return l?`${h}.${l}`:h}var X=e=>He(e,2),Ue=["B","kB","MB","GB","TB"];function Y(e){if(e<1e3)return`${Math.round(e)} B`;let t=1;for(;t<Ue.length-1&&e>=999.95*1e3**t;)t+=1;let n=e/1e3**t,o=n<99.995?2:1;return`${He(n,o)} ${Ue[t]}`}function I(e,t){let n=e.length;for(let[o,r,s]of e.runs)n+=r*Math.max(0,Math.min(s,t-o+1));return n}var D=(e,t)=>e.born<=t&&(e.died===null||t<e.died),ue=(e,t)=>e.spans.some(([n,o])=>n<=t&&(o===null||t<o)),pe=(e,t)=>e.pieces.slice(0,I(e,t)).join("");function Re(e,t){if(t===0||!D(e,t))return 0;let n=e.born<t?I(e,t-1):0;return Array.from(e.pieces.slice(n,I(e,t)).join("")).length}function ze(e,t){let n=new Array(e.n_pages).fill(null),o=new Map(e.nodes.map(r=>[r.label,r]));for(let[r,s,a,l,h]of e.takes){if(l>t||h!==null&&t>=h)continue;let _=I(o.get(s),t)-a*e.page_size;n[r]={label:s,full:Math.min(e.page_size,_)/e.page_size}}return n}function q(e,t,n){let o=e.bytes[t];return{ours:o[e.method[0]][n],theirs:o[e.baseline[0]][n]}}function Z(e,t,n){if(!D(t,n))return`n${t.label} has just been pruned`;let o=I(t,n),r=Math.ceil(o/e.page_size),s=pe(t,n).replaceAll(`
`,"\u21B5"),a=s?`: \u201C${s.length>90?`\u2026${s.slice(-89)}`:s}\u201D`:"",l=ue(t,n)?", decodes now":"";return`n${t.label}: ${We(o,"token")} in ${We(r,"page")}${l}${a}`}var We=(e,t)=>`${e.toLocaleString("en-US")} ${t}${e===1?"":"s"}`;function fe(e){let t=e.marks.map(([n])=>n);return t.length<=9?t:[...Array(9).keys()].map(n=>t[Math.round(n*(t.length-1)/8)])}function Ke(e,t,n){if(e.ctrlKey||e.metaKey||e.altKey)return null;let o=r=>Math.max(0,Math.min(n.n_steps,r));return e.key===" "?o(t+(e.shiftKey?-1:1)):e.key==="ArrowRight"||e.key==="ArrowDown"?o(t+1):e.key==="ArrowLeft"||e.key==="ArrowUp"?o(t-1):e.key==="PageDown"?o(t+10):e.key==="PageUp"?o(t-10):e.key==="Home"?0:e.key==="End"?n.n_steps:/^[1-9]$/.test(e.key)?fe(n)[Number(e.key)-1]??null:null}var me=6.65,[ye,be,xt]=[15,14,6],[_e,ee,F,xe]=[7,26,14,14],[ge,yt]=[10,420],bt=[[6,5],[10,3],[16,2]],wt=8,kt=240,we=e=>Array.from(e);function $t(e,t){let n=[],o=we(e);for(;o.length>t;){let r=o.slice(0,t+1).lastIndexOf(" "),s=r>0?r+1:t;n.push(o.slice(0,s).join("")),o=o.slice(s)}return o.length?[...n,o.join("")]:n}function ke(e){let t=new Map;for(let{label:n,parent:o}of e.nodes)t.set(n,o===null?0:t.get(o)+1);return e.nodes.map(({label:n})=>t.get(n))}function $e(e,t){let n=ke(e),o=new Array(Math.max(...n)+1).fill(ge);e.nodes.forEach((l,h)=>{let _=l.pieces.reduce((c,p)=>c+we(p).length,0);o[n[h]]=Math.max(o[n[h]],Math.min(yt,_))});let r=Math.trunc((t-2*F-ee*(o.length-1)-xe*o.length)/me),s=new Array(o.length).fill(ge),a=o.map((l,h)=>h);for(;a.length;){let l=r-s.reduce((p,u,i)=>p+(a.includes(i)?0:u),0),h=a.reduce((p,u)=>p+Math.sqrt(o[u]),0),_=new Map(a.map(p=>[p,Math.trunc(l*Math.sqrt(o[p])/h)])),c=a.filter(p=>o[p]<=_.get(p));for(let p of c.length?c:a)s[p]=Math.max(ge,c.length?o[p]:_.get(p));a=c.length?a.filter(p=>!c.includes(p)):[]}return s}function vt(e,t){let n=e.nodes.filter(r=>r.died===t&&r.born<t),o=new Set(n.length<=wt?n:[]);return e.nodes.flatMap((r,s)=>D(r,t)||o.has(r)?[s]:[]).slice(0,kt)}function Mt(e){let t=e.queries.reduce((n,o)=>Math.max(n,o),0);return bt.find(([n])=>t<=n)?.[1]??1}function St(e,t,n,o){let r=$t(pe(e,t).replaceAll(`
`,"\u21B5"),n);if(r.length<=o)return r;let[s,...a]=r.slice(-o);return[`\u2026${we(s).slice(1).join("")}`,...a]}function ve(e,t,n,o=ke(e)){let r=vt(e,t),s=Mt(e),a=n.map((u,i)=>F+n.slice(0,i).reduce((g,m)=>g+me*m+xe+ee,0)),l=new Map(e.nodes.map(({label:u},i)=>[u,i])),h=new Map;for(let u of r){let i=e.nodes[u],g=St(i,t,n[o[u]],s),m=ye+be*g.length+xt,y=!D(i,t),x=i.parent===null?null:h.get(l.get(i.parent))??null,b={node:u,x:a[o[u]],y:0,width:me*n[o[u]]+xe,height:m,lines:g,new:Re(i,t),ghost:y,parent:x,kids:[]};x?.kids.push(b),h.set(u,b)}let _=[...h.values()];for(let u of[..._].reverse())u.below=u.kids.length?u.kids.reduce((i,g)=>i+g.whole+_e,-_e):0,u.whole=Math.max(u.height,u.below);_[0].top=F;for(let u of _){u.y=u.top+(u.whole-u.height)/2;let i=u.top+(u.whole-u.below)/2;for(let g of u.kids)g.top=i,i+=g.whole+_e}let c=Math.max(..._.map(u=>u.x+u.width)),p=Math.max(..._.map(u=>u.y+u.height));return{boxes:_,width:c+F,height:p+F}}var Ve=new WeakMap;function Je(e,t){let n=Ve.get(e);if(n?.width===t)return n.height;let[o,r]=[$e(e,t),ke(e)],s=Math.max(1,Math.ceil(e.n_steps/60)),a=0;for(let l=0;l<=e.n_steps;l+=s)a=Math.max(a,ve(e,l,o,r).height);return Ve.set(e,{width:t,height:a}),a}var w=e=>Math.round(e*100)/100;var te=["#56B4E9","#E69F00","#009E73","#CC79A7","#0072B2","#D55E00","#F0E442"],Me=["","M-1,5L5,-1M3,9L9,3","M-1,3L5,9M3,-1L9,5"],Qe="#111111",Ge="#FFFFFF";function Xe(e){let t=[1,3,5].map(n=>{let o=parseInt(e.slice(n,n+2),16)/255;return o<=.04045?o/12.92:((o+.055)/1.055)**2.4});return .2126*t[0]+.7152*t[1]+.0722*t[2]}function Ye(e,t){let[n,o]=[Xe(e),Xe(t)].sort((r,s)=>r-s);return(o+.05)/(n+.05)}var Ze=e=>Ye(Qe,e)>=Ye(Ge,e)?Qe:Ge;var U=13;function Se(e,t){if(t===e.nodes[0].label)return{color:0,hatch:0};let n=t-1,o=te.length-1;return{color:1+n%o,hatch:Math.floor(n/o)%Me.length}}function et({id:e,film:t,labels:n}){let o=new Map(n.map(r=>Se(t,r)).filter(r=>r.hatch).map(r=>[`${r.color}${r.hatch}`,r]));return d("defs",null,[...o].map(([r,{color:s,hatch:a}])=>d("pattern",{key:r,id:`${e}-${r}`,width:8,height:8,patternUnits:"userSpaceOnUse"},d("rect",{width:8,height:8,fill:te[s]}),d("path",{d:Me[a],fill:"none",stroke:Ze(te[s]),"stroke-width":1.1,"stroke-opacity":.5}))))}var tt=(e,{color:t,hatch:n})=>n?{fill:`url(#${e}-${t}${n})`}:void 0;function nt({id:e,film:t,step:n,width:o,hover:r,setHover:s}){let a=ve(t,n,$e(t,o)),l=Math.max(o,a.width);return d("svg",{role:"img","aria-label":`The tree at step ${n}. ${t.sentences[n]}`,width:l,height:a.height,viewBox:`0 0 ${w(l)} ${w(a.height)}`},d(et,{id:e,film:t,labels:a.boxes.map(h=>t.nodes[h.node].label)}),a.boxes.filter(h=>h.parent).map(h=>d("path",{key:`l${h.node}`,class:"link",d:At(h.parent,h),"stroke-dasharray":h.ghost?"3 3":void 0})),a.boxes.map(h=>d(Tt,{key:h.node,id:e,film:t,step:n,box:h,hover:r,setHover:s})))}function At(e,t){let[n,o,r,s]=[e.x+e.width,e.y+e.height/2,t.y+t.height/2,ee/2];return`M${w(n)},${w(o)}C${w(n+s)},${w(o)} ${w(n+s)},${w(r)} ${w(t.x)},${w(r)}`}function Tt({id:e,film:t,step:n,box:o,hover:r,setHover:s}){let a=t.nodes[o.node],l=Se(t,a.label),h=r===a.label,_=I(a,n).toLocaleString("en-US");return d("g",{"data-node":a.label,class:o.ghost?"ghost":"",onPointerEnter:()=>s?.(a.label),onPointerLeave:()=>s?.(null)},d("title",null,Z(t,a,n)),d("rect",{class:`box${h?" lit":""}`,x:w(o.x),y:w(o.y),width:w(o.width),height:w(o.height),rx:3}),d("rect",{class:`c${l.color}`,style:tt(e,l),x:w(o.x),y:w(o.y),width:5,height:w(o.height)}),d("text",{class:"name",x:w(o.x+9),y:w(o.y+11)},o.ghost?`n${a.label} \xB7 pruned`:`n${a.label} \xB7 ${_}`),d(Ot,{box:o}),!o.ghost&&ue(a,n)&&d("circle",{class:"seat",cx:w(o.x+o.width+5),cy:w(o.y+o.height/2),r:3}))}function Ot({box:e}){let t=e.lines.reduce((n,o)=>n+Array.from(o).length,0);return e.lines.map((n,o)=>{let r=Array.from(n),s=Math.max(0,Math.min(r.length,t-e.new));return t-=r.length,d("text",{key:o,class:"mono",x:w(e.x+9),y:w(e.y+ye+be*(o+1)-3),"xml:space":"preserve"},r.slice(0,s).join(""),s<r.length&&d("tspan",{class:"new"},r.slice(s).join("")))})}function ot({id:e,film:t,step:n,width:o,hover:r,setHover:s}){let a=ze(t,n),l=Math.max(1,Math.floor((o-8)/U)),h=a.filter(Boolean).length,_=U*Math.ceil(t.n_pages/l)+2;return d("svg",{role:"img","aria-label":`KV memory: ${h} of ${t.n_pages} pages are taken.`,width:o,height:_,viewBox:`0 0 ${o} ${_}`},d(et,{id:e,film:t,labels:[...new Set(a.filter(Boolean).map(({label:c})=>c))]}),a.map((c,p)=>{let[u,i]=[4+U*(p%l),1+U*Math.floor(p/l)],g=U-2;if(!c)return d("rect",{key:p,class:"free",x:u,y:i,width:g,height:g});let m=Se(t,c.label),y=Math.max(3,c.full*g);return d("g",{key:p,"data-node":c.label,onPointerEnter:()=>s?.(c.label),onPointerLeave:()=>s?.(null)},d("title",null,`page ${p}: n${c.label}, ${Math.round(c.full*t.page_size)} of ${t.page_size} slots`),d("rect",{class:"free",x:u,y:i,width:g,height:g}),d("rect",{class:`c${m.color}${r===c.label?" lit":""}`,style:tt(e,m),x:u,y:w(i+g-y),width:g,height:w(y)}))}))}function st({film:e,account:t,step:n,width:o}){let{ours:r,theirs:s}=q(e,t,n),a=Math.max(1,...Object.values(q(e,t,e.n_steps))),l=(_,c,p)=>d("div",{class:"deft-bytes-row"},d("span",{class:"who"},c),d("span",{class:"track"},d("span",{class:`bar ${_}`,style:{width:`${100*p/a}%`}})),d("span",{class:"value"},Y(p))),h=r?`${X(s/r)} times as many bytes without the tree`:"no decode yet";return d("div",{class:"deft-bytes"},l("ours",e.method[1],r),l("theirs",e.baseline[1],s),d("p",{class:"ratio"},h),d(Et,{film:e,account:t,step:n,width:o}))}function Et({film:e,account:t,step:n,width:o}){let[r,s]=[70,Math.max(1,e.n_steps)],a=Math.max(1,...Object.values(q(e,t,e.n_steps))),l=u=>4+(o-8)*u/s,h=u=>r-3-(r-8)*u/a,_=Math.max(1,Math.ceil(s/200)),c=u=>`M${e.bytes[t][u].flatMap((g,m)=>m%_===0||m===e.n_steps?[`${w(l(m))},${w(h(g))}`]:[]).join("L")}`,p=q(e,t,n);return d("svg",{role:"img","aria-label":`Bytes of all decodes so far, over the steps; at step ${n}: ${Y(p.ours)} against ${Y(p.theirs)}.`,width:o,height:r,viewBox:`0 0 ${o} ${r}`},d("path",{class:"axis",d:`M4,${r-2.5}H${o-4}`}),d("path",{class:"axis now",d:`M${w(l(n))},2V${r-3}`}),d("path",{class:"curve theirs",d:c(e.baseline[0])}),d("path",{class:"curve ours",d:c(e.method[0])}),d("circle",{class:"spot theirs",cx:w(l(n)),cy:w(h(p.theirs)),r:3.5}),d("circle",{class:"spot ours",cx:w(l(n)),cy:w(h(p.ours)),r:3.5}))}var rt=`.deft-decode {
  max-width: 1100px;
  padding: 10px 12px;
  border: 1px solid var(--deft-faint);
  border-radius: 6px;
}
.deft-decode:focus-visible {
  outline: 2px solid var(--deft-accent);
  outline-offset: 1px;
}
.deft-decode h3,
.deft-decode h4 {
  margin: 0 0 4px;
  font-size: 14px;
  font-weight: 600;
  color: var(--deft-ink);
}
.deft-decode h4 {
  margin-top: 12px;
  font-size: 12px;
}
.deft-decode p {
  margin: 0 0 4px;
  color: var(--deft-ink);
}
.deft-decode .deft-note {
  padding-left: 8px;
  border-left: 3px solid #d55e00;
}
.deft-decode .deft-sentence {
  min-height: 2.9em;
  font-size: 13.5px;
}
.deft-decode .deft-under {
  min-height: 1.4em;
  color: var(--deft-muted);
  overflow: hidden;
  white-space: nowrap;
  text-overflow: ellipsis;
}
.deft-decode-tree {
  max-height: 440px;
  overflow: auto;
}
.deft-decode-tree svg,
.deft-decode svg {
  display: block;
}
.deft-decode svg .box {
  fill: var(--deft-faint);
  stroke: none;
}
.deft-decode svg .box.lit {
  stroke: var(--deft-ink);
  stroke-width: 1.5;
}
.deft-decode svg .ghost .box {
  fill: none;
  stroke: var(--deft-line);
  stroke-width: 1;
  stroke-dasharray: 3 3;
}
.deft-decode svg .ghost text {
  fill: var(--deft-muted);
}
.deft-decode svg .name {
  font-weight: 600;
}
.deft-decode svg .mono {
  font: 11px ui-monospace, "DejaVu Sans Mono", monospace;
  white-space: pre;
}
.deft-decode svg .new {
  font-weight: 700;
  text-decoration: underline;
}
.deft-decode svg .free {
  fill: var(--deft-faint);
}
.deft-decode svg .axis {
  fill: none;
  stroke: var(--deft-line);
}
.deft-decode svg .now {
  stroke-dasharray: 2 2;
}
.deft-decode svg .curve {
  fill: none;
  stroke-width: 2;
}
.deft-decode svg .curve.ours { stroke: var(--deft-e4); }
.deft-decode svg .curve.theirs { stroke: var(--deft-e5); stroke-dasharray: 6 3; }
.deft-decode svg .spot.ours { fill: var(--deft-e4); }
.deft-decode svg .spot.theirs { fill: var(--deft-e5); }
.deft-bytes-row {
  display: grid;
  grid-template-columns: 9.5em 1fr 6.5em;
  gap: 8px;
  align-items: center;
  margin: 2px 0;
}
.deft-bytes .track {
  display: block;
  height: 12px;
  background: var(--deft-faint);
}
.deft-bytes .bar {
  display: block;
  height: 12px;
}
.deft-bytes .bar.ours { background: var(--deft-e4); }
.deft-bytes .bar.theirs {
  background: repeating-linear-gradient(135deg, var(--deft-e5) 0 6px, transparent 6px 8px);
}
.deft-bytes .value {
  font-weight: 600;
  text-align: right;
}
.deft-decode .ratio {
  margin: 2px 0 6px;
}
.deft-decode button,
.deft-decode select {
  font: inherit;
  min-height: 26px;
  padding: 2px 9px;
  color: var(--deft-ink);
  background: var(--deft-bg);
  border: 1px solid var(--deft-line);
  border-radius: 4px;
}
.deft-decode button {
  cursor: pointer;
}
.deft-decode button:hover:enabled {
  background: var(--deft-faint);
}
.deft-decode button:disabled {
  opacity: 0.45;
  cursor: default;
}
.deft-decode .deft-scrub {
  margin-top: 8px;
}
.deft-decode .deft-scrub input {
  display: block;
  width: 100%;
  margin: 0;
  accent-color: var(--deft-accent);
}
.deft-marks {
  position: relative;
  height: 17px;
  margin: 0 8px;
}
.deft-marks span {
  position: absolute;
  width: 13px;
  margin-left: -6px;
  padding-top: 5px;
  font-size: 10.5px;
  line-height: 12px;
  text-align: center;
  color: var(--deft-muted);
  cursor: pointer;
}
.deft-marks span::before {
  content: "";
  position: absolute;
  top: 0;
  left: 6px;
  height: 5px;
  border-left: 1px solid var(--deft-line);
}
.deft-marks span.prune::before {
  border-left-style: dotted;
}
.deft-decode .deft-transport {
  display: flex;
  flex-wrap: wrap;
  gap: 6px;
  align-items: center;
  margin-top: 4px;
}
.deft-decode .deft-count {
  margin-left: auto;
}
.deft-decode details {
  margin-top: 8px;
}
.deft-decode summary {
  cursor: pointer;
  color: var(--deft-muted);
}
.deft-decode .deft-table {
  max-height: 240px;
  overflow: auto;
}
.deft-decode table {
  margin: 4px 0 0;
  border-collapse: collapse;
  font-size: 11.5px;
  color: var(--deft-ink);
}
.deft-decode th,
.deft-decode td {
  padding: 1px 8px;
  text-align: left;
  color: var(--deft-ink);
  border-bottom: 1px solid var(--deft-faint);
}
.deft-decode td.good { color: var(--deft-good); }
.deft-decode td.bad { color: var(--deft-bad); font-weight: 600; }
.deft-decode kbd {
  padding: 0 4px;
  font: inherit;
  color: var(--deft-ink);
  background: none;
  border: 1px solid var(--deft-line);
  border-radius: 3px;
  box-shadow: none;
}
.deft-decode .deft-live {
  display: flex;
  flex-wrap: wrap;
  gap: 4px 12px;
  align-items: center;
  margin: 4px 0 8px;
  padding: 6px 8px;
  border: 1px solid var(--deft-line);
  border-radius: 4px;
}
.deft-decode .deft-live p {
  margin: 0;
}
.deft-decode .deft-live details {
  flex-basis: 100%;
  margin-top: 2px;
}
.deft-decode .deft-go {
  font-weight: 600;
}
@media print {
  .deft-decode .deft-scrub,
  .deft-decode .deft-transport,
  .deft-decode .deft-live button,
  .deft-decode details {
    display: none;
  }
  .deft-decode-tree {
    max-height: none;
  }
}
`;var Pt=[.5,1,2,4,8],Ct=440,Nt=[["Space","next step"],["Shift-Space","step before"],["\u2190 \u2192","back and forth"],["PageUp PageDown","ten steps"],["Home End","first and last"],["1 \u2026 9","forks and prunes"],["P","play or pause"]];function Ae({id:e,film:t,step:n,account:o,theme:r,live:s={},playing:a,speed:l,width:h=800,hover:_=null,moves:c}){let p=Math.min(n,t.n_steps),u=Math.max(240,h-26),i=_===null?void 0:t.nodes.find(({label:m})=>m===_),g={film:t,step:p,width:u,hover:_,setHover:c.hover};return d("section",{class:"deft deft-decode","data-theme":r,tabIndex:0,"aria-label":`${t.title}, step by step`,"data-lm-suppress-shortcuts":"true",onKeyDown:c.key},d("style",null,rt),d("h3",null,t.title),t.note?d("p",{class:"deft-note"},t.note):null,s.state?d(jt,{live:s,moves:c}):null,d("p",{class:"deft-sentence",role:"status","aria-live":a||s.state==="running"?"off":"polite"},d("b",null,`Step ${p}. `),t.sentences[p]),d("div",{class:"deft-decode-tree",tabIndex:0,role:"region","aria-label":"The tree with its texts",style:{minHeight:`${Math.min(Ct,Je(t,u))}px`}},d(nt,{...g,id:`${e}t`})),d("p",{class:"deft-under"},i?Z(t,i,p):"Point at a node or a page to see what it holds."),d("h4",null,"KV memory"),d("p",{class:"deft-line"},It(t,p)),d(ot,{...g,id:`${e}p`}),d("h4",null,d("label",{for:`${e}-account`},"Bytes of all decodes so far, account "),d("select",{id:`${e}-account`,onChange:m=>c.account(m.target.value)},Object.keys(t.bytes).map(m=>d("option",{value:m,selected:m===o},m)))),d(st,{film:t,account:o,step:p,width:u}),d(Bt,{id:e,film:t,step:p,moves:c}),d(Dt,{id:e,film:t,step:p,playing:a,speed:l,moves:c}),d(qt,{film:t}),d("details",null,d("summary",null,"Keys"),d("p",null,Nt.flatMap(([m,y],x)=>[x?", ":"",d("kbd",null,m),` ${y}`]),"; they work while the player has the focus.")))}function It(e,t){let[n,o]=[e.stored[t],e.copies[t]],r=o>n?`; a copy for each branch would hold ${G(o)}, ${X(o/n)} times as many`:"";return`${G(n)} tokens stored, in pages of ${e.page_size}${r}.`}function jt({live:e,moves:t}){let n=e.state==="running"||e.state==="checking";return d("div",{class:`deft-live ${e.state}`},d("button",{type:"button",class:"deft-go",onClick:n?t.stop:t.decode},n?"\u25A0 Stop":e.state==="ready"?"\u25B6 Decode":"\u21BB Decode again"),d("p",{role:"status"},e.words),e.checks?.length?d("details",{open:!0},d("summary",null,"Tree against sequential, branch by branch"),d("div",{class:"deft-table",tabIndex:0,role:"region","aria-label":"Tree against sequential"},d("table",null,d("thead",null,d("tr",null,["branch","tokens","same tokens","largest difference of logits",""].map(o=>d("th",{scope:"col"},o)))),d("tbody",null,e.checks.map(o=>d("tr",{key:o.leaf},d("td",null,`n${o.leaf}`),d("td",null,o.tokens),d("td",null,o.same),d("td",null,o.difference.toExponential(1)),d("td",{class:o.equal?"good":"bad"},o.equal?"\u2713 equal":"\u2717 differs"))))))):null)}function Bt({id:e,film:t,step:n,moves:o}){let r=Math.max(1,t.n_steps),s=fe(t);return d("div",{class:"deft-scrub"},d("input",{type:"range",id:`${e}-scrub`,min:0,max:t.n_steps,value:n,"aria-label":"Step","aria-valuetext":`step ${n} of ${t.n_steps}`,onInput:a=>o.go(a.target.valueAsNumber)}),d("div",{class:"deft-marks","aria-hidden":"true"},t.marks.map(([a,l,h])=>d("span",{key:a,class:l,title:`step ${a}: ${h}`,style:{left:`${100*a/r}%`},onClick:_=>o.go(a,_)},s.includes(a)?s.indexOf(a)+1:""))))}function Dt({id:e,film:t,step:n,playing:o,speed:r,moves:s}){let a=t.n_steps,l=(h,_,c)=>d("button",{type:"button","aria-label":h,title:h,disabled:c===n,onClick:p=>s.go(c,p)},_);return d("div",{class:"deft-transport"},l("First step","|\u25C0",0),l("Step before","\u25C0",Math.max(0,n-1)),d("button",{type:"button","aria-pressed":String(o),onClick:s.play},o?"\u275A\u275A Pause":"\u25B6 Play"),l("Next step","\u25B6",Math.min(a,n+1)),l("Last step","\u25B6|",a),d("label",{for:`${e}-speed`},"Speed"),d("select",{id:`${e}-speed`,onChange:h=>s.speed(Number(h.target.value))},Pt.map(h=>d("option",{value:h,selected:h===r},`${h}\xD7`))),d("span",{class:"deft-count"},`step ${n} of ${a}`))}function qt({film:e}){let t=e.sentences.map((n,o)=>d("tr",{key:o},d("td",null,o),d("td",null,n),d("td",null,G(e.copies[o]))));return d("details",null,d("summary",null,"All steps as a table"),d("div",{class:"deft-table",tabIndex:0,role:"region","aria-label":"All steps"},d("table",null,d("thead",null,d("tr",null,["step","what happens","tokens with a copy per branch"].map(n=>d("th",{scope:"col"},n)))),d("tbody",null,t))))}var at=["film","step","account","theme","live"],it=400;function lt({model:e,el:t}){let n=`deft-decode-${Math.random().toString(36).slice(2)}`,[o,r,s,a,l,h]=[!1,1,null,null,800,null],_=f=>e.get(f);function c(f,v){_(f)!==v&&(e.set(f,v),e.save_changes())}function p(f){c("step",Math.max(0,Math.min(_("film").n_steps,f))),x()}function u(){_("step")>=_("film").n_steps?i():p(_("step")+1)}function i(){clearInterval(s),[o,s]=[!1,null],x()}function g(){if(o)return i();_("step")===_("film").n_steps&&p(0),o=!0,s=setInterval(u,it/r),x()}let m=f=>f?.detail&&t.querySelector(".deft-decode")?.focus({preventScroll:!0}),y={go(f,v){p(f),m(v)},play(f){g(),m(f)},speed(f){r=f,o&&(clearInterval(s),s=setInterval(u,it/r)),x()},account:f=>c("account",f),hover(f){a!==f&&(a=f,x())},decode(){o&&i(),e.send({type:"decode"})},stop:()=>e.send({type:"stop"}),key(f){let v=f.target.tagName;if(v==="SELECT"||(v==="BUTTON"||v==="SUMMARY")&&(f.key===" "||f.key==="Enter")||(f.target.classList.contains("deft-decode-tree")||f.target.classList.contains("deft-table"))&&/^(Arrow|Page|Home|End)/.test(f.key))return;let T=f.key.toLowerCase()==="p"&&!f.ctrlKey&&!f.metaKey&&!f.altKey,S=T?null:Ke(f,_("step"),_("film"));!T&&S===null||(f.preventDefault(),f.stopPropagation(),T?g():p(S))}};function x(){h??=requestAnimationFrame(()=>{h=null;let f=Object.fromEntries(at.map(v=>[v,_(v)]));he(d(Ae,{id:n,...f,playing:o,speed:r,width:l,hover:a,moves:y}),t)})}let b=new ResizeObserver(([f])=>{let v=Math.min(1100,Math.round(f.contentRect.width));!v||Math.abs(v-l)<4||(l=v,x())});b.observe(t);let $=at.map(f=>`change:${f}`);return $.forEach(f=>e.on(f,x)),x(),()=>{clearInterval(s),cancelAnimationFrame(h),b.disconnect(),$.forEach(f=>e.off(f,x)),he(null,t)}}var mn={render:e=>lt(e)};export{Ae as DecodeView,mn as default};
